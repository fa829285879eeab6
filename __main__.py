"""Read the configuration, declare the environment on its platform, export what others need."""

from collections.abc import Mapping
from typing import Any

from components import platform, program, stack_config


def declare() -> Mapping[str, Any]:
    """The whole environment; what it gives becomes the stack's outputs."""
    config = stack_config.load()
    return platform.declare(config.environment, config.secrets)


program.run(declare)
