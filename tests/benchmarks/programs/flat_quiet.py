"""The flat program without the SDK's debug messages, as the program that is shipped runs: for information only."""

from components import program

program.leave_out_debug_messages()

from tests.benchmarks.programs import flat  # noqa: E402,F401  # declares what it imports, and not before
