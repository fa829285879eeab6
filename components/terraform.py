"""Reads outputs of a Terraform state from where it is kept, before anything is declared.

S3, azurerm and HCP through the state reference of pulumi-terraform, whose plug-in the engine fetches where one of them
is named; GCS through pulumi-gcp; HTTP by itself, since no plug-in does. Who reads is said by the environment. What a
state must hold is judged in ``components/spec/terraform.py``; of what is read only the named outputs are kept.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pulumi

from components.spec.errors import printable
from components.spec.terraform import Outputs, Unreadable, parsed
from components.spec.terraform_state import AzurermState, Backend, GcsState, HcpState, HttpState, S3State

VERSION = "6.1.0"
"""Of pulumi-terraform's plug-in. No Python package of it is needed: a package would have every engine fetch the
plug-in, also for who has no Terraform."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a state that are read over HTTP."""

PATIENCE = 30
"""Seconds until a server's answer has to begin."""

LONGEST_REASON = 200
"""Characters that an error repeats of what a backend said."""


def read(backend: Backend, wanted: frozenset[str]) -> Outputs:
    """The outputs of these names.

    :raises Unreadable: nobody is there, nobody may, or it is no state.
    """
    match backend:
        case S3State():
            return _referenced(
                "getS3Reference", _arguments(backend, bucket=backend.bucket, region=backend.region), wanted
            )
        case AzurermState():
            named = {"storageAccountName": backend.storage_account, "containerName": backend.container}
            return _referenced("getAzureRMReference", _arguments(backend, **named, useAzureadAuth=True), wanted)
        case HcpState():
            return _referenced("getRemoteReference", _hcp(backend), wanted)
        case GcsState():
            return parsed(_gcs(backend), wanted)
        case HttpState():
            return parsed(_http(backend.address), wanted)
    raise TypeError(f"{type(backend).__name__} is read by its own file")


def _arguments(backend: S3State | AzurermState, **more: Any) -> dict[str, Any]:
    return {"key": backend.key, "workspace": backend.workspace, **more}


def _hcp(backend: HcpState) -> dict[str, Any]:
    variable = f"TF_TOKEN_{backend.hostname.replace('-', '__').replace('.', '_')}"
    token = os.environ.get(variable)
    if not token:
        limit = f"a state that may be read: {variable} is not set"
        raise Unreadable(limit, f"set {variable} to the token of a team that may read the workspace's outputs")
    return {
        "hostname": backend.hostname,
        "organization": backend.organization,
        "workspaces": {"name": backend.workspace},
        "token": token,
    }


def _referenced(function: str, arguments: Mapping[str, Any], wanted: frozenset[str]) -> Outputs:
    """By pulumi-terraform, which hands over every output and does not say which are sensitive."""
    token = f"terraform:state:{function}"
    options = pulumi.InvokeOptions(version=VERSION)
    outputs = _called(token, arguments, options, secret=arguments.get("token")).get("outputs") or {}
    values = {name: value for name, value in outputs.items() if name in wanted}
    return Outputs(frozenset(outputs), values)


def _gcs(backend: GcsState) -> str:
    name = f"{backend.prefix.rstrip('/')}/{backend.workspace}" if backend.prefix else backend.workspace
    token = "gcp:storage/getBucketObjectContent:getBucketObjectContent"  # noqa: S105 -- a function's name
    arguments = {"bucket": backend.bucket, "name": f"{name}.tfstate"}
    return str(_called(token, arguments, pulumi.InvokeOptions()).get("content") or "")


def _called(
    token: str, arguments: Mapping[str, Any], options: pulumi.InvokeOptions, secret: str | None = None
) -> Mapping[str, Any]:
    """What a plug-in's function answers. Where there is no plug-in the engine says so and ends the program itself."""
    try:
        answer = pulumi.runtime.invoke(token, arguments, options).value
    except Exception as error:  # the SDK raises nothing more exact
        reason = str(error).replace(secret, "…") if secret else str(error)
        remedy = "apply the Terraform root first, and let this job's identity read its state"
        raise Unreadable(f"a state that can be read: {_short(reason)}", remedy) from None
    return answer if isinstance(answer, Mapping) else {}


def _short(reason: str) -> str:
    """One line, without the engine's own words before what the plug-in said."""
    line = " ".join(printable(one) for one in reason.split())
    line = re.sub(r"^invoke of \S+ failed: (invocation of \S+ returned an error: )?", "", line)
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"


class _Stay(HTTPRedirectHandler):
    """A password goes to the host that is named, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _http(address: str) -> str:
    request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 -- the spec admits https only
    user, password = os.environ.get("TF_HTTP_USERNAME"), os.environ.get("TF_HTTP_PASSWORD")
    if user or password:
        pair = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {pair}")
    try:
        with build_opener(_Stay).open(request, timeout=PATIENCE) as answer:
            body: bytes = answer.read(LARGEST + 1)
            status: int = answer.status
    except HTTPError as error:
        error.close()
        raise _refused(error.code) from None
    except (URLError, OSError) as error:
        reason = _short(str(getattr(error, "reason", error)))
        raise Unreadable(
            f"a server that answers: {reason}", "look at the address, and whether it is reached from here"
        ) from None
    if status == 204 or not body:
        raise _refused(404)
    if len(body) > LARGEST:
        raise Unreadable(f"a state of at most {LARGEST // 1024 // 1024} MiB", "split the Terraform root")
    return body.decode("utf-8", errors="replace")


def _refused(status: int) -> Unreadable:
    if status in (401, 403):
        remedy = "set TF_HTTP_USERNAME and TF_HTTP_PASSWORD to those of an account that may read it"
        return Unreadable(f"a state that may be read: the server answers {status}", remedy)
    if status == 404:
        return Unreadable("a state: there is none at this address yet", "apply the Terraform root first")
    if status in (301, 302, 303, 307, 308):
        return Unreadable("the state's own address: the server sends elsewhere", "write the address that it names")
    return Unreadable(f"a server that gives the state: it answers {status}", "try again, or look at the server")
