"""Terraform or OpenTofu for one stack: its plan before Pulumi's preview, its apply before Pulumi's.

A root has for each stack ``<stack>.tfbackend``, so that each has a state of its own, and ``<stack>.tfvars`` where
variables differ. What its state says is read in ``components/terraform.py``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from delivery import signals
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

BINARY = "CAAS_TERRAFORM_BINARY"
"""Variable that names the program where both, or neither, are on the PATH."""

BINARIES = ("terraform", "tofu")

LOCK = ".terraform.lock.hcl"

Changes = Literal["none", "some"]


@dataclass(frozen=True)
class Root:
    """A root as one stack sees it."""

    directory: Path
    stack: str
    say: Callable[[str], None]
    """Told each line that Terraform writes; it hides what is sensitive itself."""

    def plan(self, save: Path | None = None) -> Changes:
        """What the root would change. A plan that is saved can be applied; one that is not takes no lock of the
        state, so that a preview needs no right to write.

        Raises:
            DeliveryError: there is no such root, no program, or it failed.
        """
        self._init()
        arguments = ["-detailed-exitcode", *self._variables()]
        if save is None:
            arguments.append("-lock=false")
        else:
            # It holds values in plain text, sensitive ones too: from the first byte for nobody else.
            save.unlink(missing_ok=True)
            os.close(os.open(save, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            arguments.append(f"-out={save.resolve()}")
        code = self._run("plan", *arguments)
        if code not in (0, 2):
            raise self._failed("plan", Exit.BAD_INPUT, "Nothing was changed.")
        return "some" if code == 2 else "none"

    def apply(self, plan: Path) -> None:
        """Apply a saved plan, all of it and nothing else. Terraform refuses one that was made of an older state, so
        none is of use twice: it is deleted.

        Raises:
            DeliveryError: there is no such plan, or the apply failed.
        """
        if not plan.is_file():
            raise DeliveryError(
                f"{plan} is no file.",
                Exit.BAD_INPUT,
                remedy=f"`caas terraform plan --stack {self.stack} --save-plan {plan}` writes it.",
            )
        self._init()
        try:
            code = self._run("apply", str(plan.resolve()))
        finally:
            plan.unlink(missing_ok=True)
        if code != 0:
            raise self._failed("apply", Exit.DEPLOYMENT_FAILED, "What it had done stays, and is in its state.")

    def _init(self) -> None:
        backend = self.directory / f"{self.stack}.tfbackend"
        if not any(self.directory.glob("*.tf")) and not any(self.directory.glob("*.tofu")):
            raise DeliveryError(
                f"{self.directory} is no Terraform root: it has no *.tf.",
                Exit.BAD_INPUT,
                remedy="Name one with --root or CAAS_TERRAFORM, relative to where caas is run.",
            )
        if not backend.is_file():
            raise DeliveryError(
                f"{self.directory} has no {backend.name}, so stack {self.stack!r} has no state of its own.",
                Exit.BAD_INPUT,
                remedy='Write what differs in the backend\'s block there, such as key = "network.tfstate".',
            )
        arguments = [f"-backend-config={backend.resolve()}", "-reconfigure"]
        if (self.directory / LOCK).is_file():
            arguments.append("-lockfile=readonly")
        if self._run("init", *arguments) != 0:
            raise self._failed("init", Exit.BAD_INPUT, "Nothing was changed.")
        if not (self._data() / "terraform.tfstate").is_file():
            raise DeliveryError(
                f"{self.directory} has no backend block, so its state would be lost with this job.",
                Exit.BAD_INPUT,
                remedy='Add backend "s3" {} (or another) to its terraform block.',
            )

    def _variables(self) -> list[str]:
        file = self.directory / f"{self.stack}.tfvars"
        return [f"-var-file={file.resolve()}"] if file.is_file() else []

    def _data(self) -> Path:
        return self.directory.resolve() / f".terraform-{self.stack}"

    def _run(self, command: str, *arguments: str) -> int:
        """Run one command to its end. Ctrl-C is passed on once, and Terraform ends cleanly."""
        line = [_binary(), f"-chdir={self.directory.resolve()}", command, "-input=false", "-no-color", *arguments]
        given = {**os.environ, "TF_IN_AUTOMATION": "true", "CHECKPOINT_DISABLE": "true"}
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**given, "TF_DATA_DIR": str(self._data())},
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        with signals.counted(lambda _: process.send_signal(signal.SIGINT)) as interrupted:
            if process.stdout is not None:
                with process.stdout as lines:
                    for text in lines:
                        self.say(text.rstrip())
            code = process.wait()
        if interrupted:
            raise KeyboardInterrupt("Stopped. Terraform ended what was under way; its state says what it did.")
        return code

    def _failed(self, command: str, code: Exit, harm: str) -> DeliveryError:
        return DeliveryError(
            f"Terraform's {command} of {self.directory} for stack {self.stack!r} failed. {harm}",
            code,
            remedy="Its own words are above; until it succeeds nothing of the stack is previewed or applied here.",
        )


def _binary() -> str:
    names = (named,) if (named := os.environ.get(BINARY)) else BINARIES
    found = next((path for name in names if (path := shutil.which(name)) is not None), None)
    if found is None:
        raise DeliveryError(
            f"{' and '.join(names)}: not on the PATH.",
            Exit.BAD_INPUT,
            remedy=f"Install one of them on the runner (GitLab: in the image of the jobs), or name it in {BINARY}.",
        )
    return found
