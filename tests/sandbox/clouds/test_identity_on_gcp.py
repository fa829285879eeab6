"""The pipeline's identity on the simulated Google Cloud with the real engine: made, found as it was declared, gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from tests.sandbox.engine import project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = f"""
    import sys
    sys.path.insert(0, {str(ROOT)!r})
    import pulumi
    from components.gcp.account import Account, AccountArgs
    from components.gcp.ci_identity import CiIdentity, CiIdentityArgs
    from components.gcp.rights import RIGHTS
    from tests.components.gcp.worlds import environment

    key = "gcpkms://projects/shop-1234/locations/europe-west3/keyRings/states/cryptoKeys/states"
    state = {{"url": "gs://shop-states/team", "key": key}}
    described = environment(pipeline={{"system": "gitlab", "repository": "group/team/shop", "state": state}})
    account = Account("account", AccountArgs(environment=described))
    args = CiIdentityArgs(environment=described, types=sorted(RIGHTS))
    identity = CiIdentity("pipeline", args, pulumi.ResourceOptions(providers=[account.provider]))
    pulumi.export("pipeline", identity.variables)
"""


def test_an_identity_is_made_found_unchanged_and_taken_down(tmp_path: Path) -> None:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    engine = project(tmp_path, PROGRAM, CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), **clouds.variables(["gcp"], given))
    engine.must("up", "--yes", "--skip-preview")
    pool = "projects/123456789012/locations/global/workloadIdentityPools/caas-staging-apply"
    assert f"{pool}/providers/caas-gitlab" in engine.must("stack", "output", "--json")
    assert "unchanged" in engine.must("preview", "--refresh", "--expect-no-changes")
    engine.must("destroy", "--yes", "--skip-preview")
    assert '"resources": [' not in engine.must("stack", "export"), "something stayed behind"
