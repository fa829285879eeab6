"""What the components declare for AWS is taken by the simulated AWS: nothing wrong in it, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.clouds.programs import stack, world

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = f"""
    import sys
    sys.path.insert(0, {str(ROOT)!r})
    import pulumi
    from components import platform
    from tests.components.aws.worlds import FULL, SIDECAR, environment, service

    services = {{"full": service(**FULL), "web": service(ingress={{"path": "/web"}})}}
    watch = {{"collector": SIDECAR, "emails": ["team@example.com"], "webhooks": ["pager"]}}
    state = {{
        "url": "s3://shop-states/team",
        "key": "awskms:///arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    }}
    pipeline = {{"system": "github", "repository": "team/shop", "state": state}}
    logs = {{
        "agent": SIDECAR,
        "elasticsearch": "https://logs.example.com",
        "apiKey": "logs",
        "addresses": ["10.0.0.0/16"],
    }}
    secrets = ["apiKey", "logs", "pager", "duty"]
    told = {{"receivers": {{"email": {{"to": ["duty@example.com"]}}, "pagerDuty": {{"key": "duty"}}}}}}
    watched = {{"aws": {{"monitoring": watch}}, "monitoring": told, "logging": logs}}
    found = environment(services, secrets=secrets, pipeline=pipeline, **watched)
    hidden = {{name: pulumi.Output.secret(f"https://hidden-word/{{name}}") for name in secrets}}
    for name, value in platform.declare(found, hidden).items():
        pulumi.export(name, value)
"""


@pytest.mark.engine
@pytest.mark.slow
def test_a_whole_environment_comes_stays_and_goes(tmp_path: Path) -> None:
    engine = stack(tmp_path, PROGRAM)
    engine.must("up", "--yes", "--skip-preview")
    assert "hidden-word" not in engine.must("stack", "export")
    engine.must("preview", "--refresh", "--expect-no-changes")
    engine.must("destroy", "--yes", "--skip-preview")
    left = world(tmp_path)["resources"]
    kinds = {kind for kinds in left.values() for kind, records in kinds.items() if records}
    # A secret's name waits for its recovery window, as in an account.
    assert kinds <= {"aws:secretsmanager/deletedSecret"}
