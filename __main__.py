"""Read the configuration, declare the environment on its platform, export what others need."""

import pulumi

from components import platform, stack_config

config = stack_config.load()
for name, value in platform.declare(config.environment, config.secrets).items():
    pulumi.export(name, value)
