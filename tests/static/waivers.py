"""What other people's tools find and we leave as it is, with the reason that a reviewer would accept."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ruamel.yaml import YAML

from tests.static.tools import Fault

FILE = Path(__file__).parent / "waivers.yaml"


@dataclass(frozen=True)
class Waiver:
    """One finding that is left: of one tool and check, at resources that a pattern fits."""

    tool: str
    check: str
    resource: str
    reason: str
    stacks: tuple[str, ...] = ("dev", "staging", "prod")
    """Where it is left; a looser dev excuses nothing elsewhere."""

    def covers(self, fault: Fault, stack: str) -> bool:
        """Whether this is what was found."""
        same = (self.tool, self.check) == (fault.tool, fault.check) and stack in self.stacks
        return same and fnmatchcase(fault.resource, self.resource)


def read() -> list[Waiver]:
    """Every waiver of the file."""
    return [Waiver(**one) for one in YAML(typ="safe").load(FILE)]


def unwaived(faults: list[Fault], waivers: list[Waiver], stack: str) -> list[str]:
    """The faults that no waiver covers."""
    return sorted(str(fault) for fault in faults if not any(one.covers(fault, stack) for one in waivers))
