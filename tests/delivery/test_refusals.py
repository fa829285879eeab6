"""What the engine's refusals are taken for: its own words, as it wrote them."""

from __future__ import annotations

import pytest

from delivery.exit_codes import Exit
from delivery.refusals import explain

CLUSTER = (
    "error: configured Kubernetes cluster is unreachable: unable to load schema information from the API server: "
    "the server has asked for the client to provide credentials"
)


@pytest.mark.parametrize(
    ("text", "code", "begins", "way_out"),
    [
        ("error: Unauthorized: No credentials provided or are invalid.", Exit.BAD_INPUT,
         "The state backend https://state refuses the credential: ", "pulumi login"),
        ("error: problem logging in: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
         Exit.BAD_INPUT, "The state backend https://state refuses the credential: ", "PULUMI_ACCESS_TOKEN"),
        ("error: problem logging in: dial tcp: connection refused", Exit.BAD_INPUT,
         "The state backend https://state cannot be reached: ", "PULUMI_BACKEND_URL"),
        (CLUSTER, Exit.DEPLOYMENT_FAILED, "A credential that stack 'dev' needs was refused: ", "renew it"),
        ("error: operation error STS: GetCallerIdentity, api error ExpiredToken: The security token included in the "
         "request is expired", Exit.DEPLOYMENT_FAILED, "A credential that stack 'dev' needs was refused: ", "renew it"),
        ('error: oauth2: "invalid_grant" "Bad Request"', Exit.DEPLOYMENT_FAILED,
         "A credential that stack 'dev' needs was refused: ", "renew it"),
        ("error: configured Kubernetes cluster is unreachable: connection refused", Exit.DEPLOYMENT_FAILED,
         "The Kubernetes cluster of stack 'dev' cannot be reached: ", "kubeconfig"),
        ("error: incorrect passphrase", Exit.BAD_INPUT, "The passphrase of stack 'dev' is wrong", "PULUMI_CONFIG"),
        ("error: something else", Exit.DEPLOYMENT_FAILED, "The engine could not apply stack 'dev': something else", ""),
    ],
    ids=["backend refuses", "no token", "backend away", "cluster refuses", "aws", "gcp", "cluster away", "passphrase",
         "anything"],
)  # fmt: skip
def test_a_refusal_becomes_one_line_a_code_and_a_way_out(text: str, code: Exit, begins: str, way_out: str) -> None:
    error = explain(text, "dev", "https://state")
    assert error.code is code
    assert error.message.startswith(begins)
    assert way_out in (error.remedy or "")
    assert "\n" not in error.line


REFRESH = """Diagnostics:
  pulumi:pulumi:Stack (program-dev):
    error: preview failed

  kubernetes:apps/v1:Deployment (hello-deployment):
    warning: configured Kubernetes cluster is unreachable: unable to load schema information: connection refused
    error: Preview failed: failed to read resource state due to unreachable cluster. If the cluster was deleted, …
"""


def test_a_cluster_that_cannot_be_read_says_why_and_not_only_that_the_preview_failed() -> None:
    error = explain(REFRESH, "dev", "https://state")
    why = "unable to load schema information: connection refused"
    assert error.message == f"The Kubernetes cluster of stack 'dev' cannot be reached: {why}."
    stated = explain("    error: preview failed\n    error: no such image", "dev", "https://state")
    assert stated.message == "The engine could not apply stack 'dev': no such image."
