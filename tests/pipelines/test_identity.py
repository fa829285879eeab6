"""How a job becomes somebody: `.ci/identity` asks for its token where it has to, and writes what clouds' tools read."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "header.payload-5f1c0d.signature"

SHOW = r"""
set -euo pipefail
. .ci/identity "$@"
for name in $(compgen -e); do
    case "$name" in
    CAAS_PREVIEW_* | CAAS_REVIEW_* | CAAS_APPLY_*) ;;
    AWS_* | AZURE_* | ARM_* | GOOGLE_* | CAAS_*) printf '%s=%s\n' "$name" "${!name}" ;;
    esac
done
for file in "${AWS_WEB_IDENTITY_TOKEN_FILE:-}" "${GOOGLE_APPLICATION_CREDENTIALS:-}"; do
    if [ -n "$file" ]; then echo "== $(stat -c %a "$file")"; cat "$file"; echo; fi
done
"""


def identity(*arguments: str, **variables: str) -> tuple[dict[str, str], list[str]]:
    """(variables, files) that a job has after it."""
    known = {"PATH": os.environ["PATH"], **variables}
    command = ["bash", "-c", SHOW, "caas", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    head, *files = done.stdout.split("== ")
    return dict(line.split("=", 1) for line in head.splitlines()), files


AWS = "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/caas/shop-{}\nAWS_REGION=eu-central-1"


def test_a_job_without_a_token_stays_who_it_is() -> None:
    assert identity("up", "--stack", "dev", CAAS_APPLY_DEV=AWS.format("dev-apply")) == ({}, [])


@pytest.mark.parametrize(
    ("arguments", "system", "role"),
    [
        (["up", "--stack", "dev", "--plan", "plan.json"], {}, "dev-apply"),
        (["promote", "--from", "dev", "--to", "prod"], {}, "prod-apply"),
        (["up", "--stack=prod"], {}, "prod-apply"),
        (["preview", "--stack", "prod"], {"CI_PIPELINE_SOURCE": "merge_request_event"}, "prod-preview"),
        (["preview", "--stack", "dev"], {"GITHUB_EVENT_NAME": "pull_request"}, "dev-preview"),
        (["preview", "--stack", "dev"], {"CHANGE_ID": "12"}, "dev-preview"),
        (["review", "up", "--branch", "x"], {"GITHUB_EVENT_NAME": "pull_request"}, "dev-review"),
        (["review", "up", "--branch", "--stack", "--from", "prod"], {"CHANGE_ID": "12"}, "prod-review"),
        (["review", "down", "--branch", "x", "--from=prod"], {}, "prod-review"),
        (["review", "reap"], {"CI_PIPELINE_SOURCE": "schedule"}, "dev-review"),
    ],
)
def test_a_stack_and_a_purpose_have_a_role(arguments: list[str], system: dict[str, str], role: str) -> None:
    roles = {
        f"CAAS_{purpose}_{stack}".upper(): AWS.format(f"{stack}-{purpose}")
        for purpose in ("preview", "review", "apply")
        for stack in ("dev", "prod")
    }
    found, files = identity(*arguments, CAAS_ID_TOKEN=TOKEN, **roles, **system)
    assert found["AWS_ROLE_ARN"] == f"arn:aws:iam::123456789012:role/caas/shop-{role}"
    assert found["AWS_REGION"] == "eu-central-1"
    assert files == [f"600\n{TOKEN}\n"]
    assert not Path(found["AWS_WEB_IDENTITY_TOKEN_FILE"]).exists(), "the token outlives the job's command"


def test_azure_reads_the_token_from_its_file() -> None:
    given = "ARM_CLIENT_ID=client\nARM_TENANT_ID=tenant\nARM_SUBSCRIPTION_ID=subscription"
    found, _ = identity("up", "--stack", "dev", CAAS_ID_TOKEN=TOKEN, CAAS_APPLY_DEV=given)
    assert (found["ARM_CLIENT_ID"], found["AZURE_CLIENT_ID"]) == ("client", "client")
    assert (found["ARM_TENANT_ID"], found["AZURE_TENANT_ID"]) == ("tenant", "tenant")
    assert found["ARM_USE_OIDC"] == "true"
    assert found["ARM_OIDC_TOKEN_FILE_PATH"] == found["AZURE_FEDERATED_TOKEN_FILE"]


def test_google_is_told_how_to_trade_the_token() -> None:
    provider = "projects/1/locations/global/workloadIdentityPools/shop-dev-apply/providers/caas-gitlab"
    given = f"CAAS_GOOGLE_PROVIDER={provider}\nCAAS_GOOGLE_ACCOUNT=shop@shop-1234.iam.gserviceaccount.com"
    found, files = identity("up", "--stack", "dev", CAAS_ID_TOKEN=TOKEN, CAAS_APPLY_DEV=given)
    document = json.loads(files[1].partition("\n")[2])
    assert document["audience"] == f"//iam.googleapis.com/{provider}"
    assert document["credential_source"] == {"file": found["AWS_WEB_IDENTITY_TOKEN_FILE"]}
    assert (
        "/shop@shop-1234.iam.gserviceaccount.com:generateAccessToken" in document["service_account_impersonation_url"]
    )
    assert TOKEN not in files[1]


def test_nothing_but_a_clouds_own_variables_is_taken_over() -> None:
    given = "PATH=/elsewhere\nAWS_PROFILE=other"
    found, _ = identity("up", "--stack", "dev", CAAS_ID_TOKEN=TOKEN, CAAS_APPLY_DEV=given)
    assert "AWS_PROFILE" not in found


@pytest.fixture
def github() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Where GitHub gives tokens, and who asked for what."""
    asked: list[tuple[str, str]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            body = json.dumps({"count": 1, "value": TOKEN}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("command", "event", "audience"),
    [
        (["preview", "--stack", "dev"], "push", "caas-apply"),
        (["preview", "--stack", "dev"], "pull_request", "caas-preview"),
        (["review", "up", "--branch", "x"], "pull_request", "caas-review"),
    ],
)
def test_github_gives_a_token_for_the_one_who_is_named(
    github: tuple[str, list[tuple[str, str]]], command: list[str], event: str, audience: str
) -> None:
    url, asked = github
    _, files = identity(
        *command,
        ACTIONS_ID_TOKEN_REQUEST_URL=url,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN="runner-token",
        GITHUB_EVENT_NAME=event,
    )
    assert asked == [(f"/token?api-version=2.0&audience={audience}", "bearer runner-token")]
    assert files == [f"600\n{TOKEN}\n"]
