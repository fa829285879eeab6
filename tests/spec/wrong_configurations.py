"""Configurations with one fault each, and the one problem that each must give.

Data for several tests: the loader's, the `caas` command's and the engine's. `write` puts a case into a
directory as the files that a user would have.
"""

from __future__ import annotations

from tests.spec.wrong_aws import SERVICES_ON_AWS, SETTINGS_OF_AWS
from tests.spec.wrong_aws_existing import EXISTING_ON_AWS
from tests.spec.wrong_azure import SERVICES_ON_AZURE, SETTINGS_OF_AZURE
from tests.spec.wrong_balancers import BALANCERS
from tests.spec.wrong_case import MARKER, Case, write
from tests.spec.wrong_gcp import SERVICES_ON_GKE, SETTINGS_OF_GKE
from tests.spec.wrong_kubernetes import GATES, OBJECTIVES, STRATEGIES_ON_KUBERNETES
from tests.spec.wrong_logging import LOGGING
from tests.spec.wrong_monitoring import MONITORING
from tests.spec.wrong_numbers import COUNTS, SPELLING, UNITS
from tests.spec.wrong_operations import FREEZES, NOTIFICATIONS
from tests.spec.wrong_pipeline import PIPELINES
from tests.spec.wrong_services import ADDRESSES, HEALTH, IMAGES, NAMES
from tests.spec.wrong_stacks import ENVIRONMENTS, FILES
from tests.spec.wrong_supply import SUPPLY_CHAINS
from tests.spec.wrong_terraform import TERRAFORM

__all__ = ["CASES", "MARKER", "Case", "write"]

CASES: tuple[Case, ...] = (
    *SPELLING,
    *UNITS,
    *COUNTS,
    *HEALTH,
    *IMAGES,
    *NAMES,
    *ADDRESSES,
    *ENVIRONMENTS,
    *FILES,
    *BALANCERS,
    *STRATEGIES_ON_KUBERNETES,
    *GATES,
    *OBJECTIVES,
    *NOTIFICATIONS,
    *FREEZES,
    *SUPPLY_CHAINS,
    *PIPELINES,
    *MONITORING,
    *LOGGING,
    *SETTINGS_OF_AWS,
    *SERVICES_ON_AWS,
    *EXISTING_ON_AWS,
    *TERRAFORM,
    *SETTINGS_OF_GKE,
    *SERVICES_ON_GKE,
    *SETTINGS_OF_AZURE,
    *SERVICES_ON_AZURE,
)
