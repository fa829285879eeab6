"""Read the configuration, declare the environment on its platform, export what others need."""

import pulumi

from components import engine_log, platform, stack_config

engine_log.leave_out_debug_messages()
config = stack_config.load()
for name, value in platform.declare(config.environment, config.secrets).items():
    pulumi.export(name, value)
