"""The project's own program, for a project of its own: what the stack names decides where the services run."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).absolute().parents[3]))  # where the components are

from components import platform, program, stack_config


def declare() -> Mapping[str, Any]:
    """The whole environment; what it gives becomes the stack's outputs."""
    config = stack_config.load()
    return platform.declare(config.environment, config.secrets)


program.run(declare)
