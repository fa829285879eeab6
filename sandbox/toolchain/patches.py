"""Edited copies of dependencies, made on the machine that compiles them.

The ingress controller links an ACME client that carries the SDKs of a hundred DNS providers: two
thirds of the controller's compile time, for a challenge that a cluster on one machine never uses.
"""

from __future__ import annotations

import shutil
from pathlib import Path

LEGO = "github.com/go-acme/lego/v4"

_NO_DNS_PROVIDERS = """package dns

import (
	"fmt"

	"github.com/go-acme/lego/v4/challenge"
)

// NewDNSChallengeProviderByName refuses every name.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("the DNS challenge provider %q is not part of the sandbox's build", name)
}
"""


def lego_without_dns(source: Path, target: Path) -> None:
    """Copy the ACME client without its DNS providers. Doing it again gives the same copy."""
    shutil.rmtree(target, ignore_errors=True)
    providers = source / "providers" / "dns"

    def unwanted(directory: str, names: list[str]) -> set[str]:
        if Path(directory) == providers:
            return set(names)
        return {"cmd", "e2e", "docs"} & set(names) if Path(directory) == source else set()

    shutil.copytree(source, target, ignore=unwanted, copy_function=shutil.copyfile)
    (target / "providers" / "dns" / "providers.go").write_text(_NO_DNS_PROVIDERS, encoding="utf-8")
