"""The settings of an environment on Google Cloud. Rules in ``checks_gcp.py``."""

from __future__ import annotations

from pydantic import Field

from components.spec.base import Frozen


class Gcp(Frozen):
    """The place, where the platform is `gke`."""

    project: str = Field(description="Id of the project, such as shop-prod-1234.")
    region: str = Field(description="Such as europe-west3.")
