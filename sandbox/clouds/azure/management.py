"""The simulated Azure as Azure's management API shows it: our world behind the calls that ask what runs.

Nothing is copied. Each call looks into the world as it is at that moment. A token is given to whoever asks at the
address that a managed identity asks at, and each call must bring it.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.instances import groups_of
from sandbox.clouds.core.world import GLOBAL, World

PATH = re.compile(
    r"(?P<home>/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/Microsoft\.ContainerInstance/(?P<rest>.+)"
)
HEALTH = re.compile(
    r"(?P<home>/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/Microsoft\.Network/loadBalancers/(?P<name>[^/]+)"
    r"/loadBalancingRules/(?P<rule>[^/]+)/health"
)
IDENTITY = "simulated"
"""What somebody who asks for a token has to bring."""

STARTED = "2026-01-01T00:00:00Z"
"""The world keeps no times; everything began then."""


class _Server(ThreadingHTTPServer):
    """With what its handlers look into."""

    daemon_threads = True

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world = world
        self.token = secrets.token_urlsafe(16)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """The health of a balancer's rule, which Azure works out first: the answer lies elsewhere."""
        where = urlsplit(self.path)
        if not self._known():
            return
        if HEALTH.fullmatch(where.path) is None:
            self._refuse(400, "InvalidRequest", f"{self.path} is not known here.")
            return
        self.send_response(202)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/later{where.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _known(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.server.token}":
            return True
        self._refuse(401, "InvalidAuthenticationToken", "The access token is invalid.")
        return False

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path == "/token" and self.headers.get("X-IDENTITY-HEADER") == IDENTITY:
            self._answer(200, {"access_token": self.server.token, "expires_on": str(int(time.time()) + 3600)})
            return
        if not self._known():
            return
        if where.path.startswith("/later/"):
            with self.server.world.open() as world:
                health = _health(world, where.path.removeprefix("/later"))
            self._answer(200 if health is not None else 404, health or {})
            return
        found = PATH.fullmatch(where.path)
        if found is None or "api-version" not in parse_qs(where.query):
            self._refuse(400, "InvalidRequest", f"{self.path} is not known here.")
            return
        with self.server.world.open() as world:
            answer = _asked(world, found["home"], found["rest"].split("/"))
        if answer is None:
            self._refuse(404, "ResourceNotFound", f"The resource {where.path} was not found.")
        else:
            self._answer(200, answer)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._answer(status, {"error": {"code": code, "message": message}})

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal belongs to the command that asks."""


def _asked(world: World, home: str, parts: list[str]) -> dict[str, Any] | None:
    """What one path holds."""
    if parts[0] == "nGroups" and len(parts) > 1:
        record = world.get(tokens.NGROUP, GLOBAL, f"{home}/providers/Microsoft.ContainerInstance/nGroups/{parts[1]}")
        if record is None:
            return None
        if parts[2:] == ["latestRollingUpdate"]:
            update = record["platform"].get("update")
            return None if update is None else {"properties": update}
        return _group(record)
    instances = [
        _instance(world, one)
        for record in world.all(tokens.NGROUP, GLOBAL).values()
        if record["state"]["id"].startswith(f"{home}/")
        for one in groups_of(record)
    ]
    if parts == ["containerGroups"]:
        return {"value": [_listed(one) for one in instances]}
    if parts[0] == "containerGroups":
        return next((one for one in instances if one["name"] == parts[1]), None)
    return None


def _health(world: World, path: str) -> dict[str, Any] | None:
    """What a balancer's probes say of the groups in its pool."""
    found = HEALTH.fullmatch(path)
    assert found is not None
    balancer = f"{found['home']}/providers/Microsoft.Network/loadBalancers/{found['name']}"
    record = world.get(tokens.BALANCER, GLOBAL, balancer)
    rules = [one["name"] for one in (record or {"state": {}})["state"].get("loadBalancingRules") or ()]
    if found["rule"] not in rules:
        return None
    behind = [
        one
        for group in world.all(tokens.NGROUP, GLOBAL).values()
        if f"{balancer}/" in json.dumps(group["state"]["containerGroupProfiles"])
        for one in groups_of(group)
    ]
    states = [{"ipAddress": one["ip"], "state": "Up" if one["state"] == "Running" else "Down"} for one in behind]
    return {
        "up": sum(one["state"] == "Up" for one in states),
        "down": sum(one["state"] != "Up" for one in states),
        "loadBalancerBackendAddresses": states,
    }


def _group(record: Mapping[str, Any]) -> dict[str, Any]:
    state = record["state"]
    shown = ("elasticProfile", "containerGroupProfiles", "updateProfile", "provisioningState")
    return {
        "id": state["id"],
        "name": state["name"],
        "type": state["type"],
        "zones": state.get("zones"),
        "properties": {key: state[key] for key in shown if key in state},
    }


def _instance(world: World, group: Mapping[str, Any]) -> dict[str, Any]:
    profile = world.get(tokens.PROFILE, GLOBAL, group["profile"])
    described = profile["state"] if profile is not None else {"containers": []}
    running = group["state"] == "Running"
    containers = []
    for one in described["containers"]:
        now: dict[str, Any] = {"state": "Running", "startTime": STARTED, "detailStatus": ""}
        events = [_event("Started", "Started container")]
        if not running:
            now = {"state": "Waiting", "detailStatus": "CrashLoopBackOff: Back-off restarting failed"}
            events = [_event("BackOff", "Back-off restarting failed container")]
        view = {"restartCount": 0 if running else 3, "currentState": now, "events": events}
        if not running:
            view["previousState"] = {"state": "Terminated", "exitCode": 1, "detailStatus": "Error"}
        containers.append({"name": one["name"], "properties": {"image": one["image"], "instanceView": view}})
    return {
        "name": group["name"],
        "zones": [group["zone"]] if group["zone"] else [],
        "properties": {
            "provisioningState": "Succeeded",
            "containerGroupProfile": {"id": group["profile"], "revision": 1},
            "ipAddress": {"type": "Private", "ip": group["ip"]},
            "containers": containers,
            "instanceView": {"state": "Running" if running else "Pending", "events": []},
        },
    }


def _listed(instance: Mapping[str, Any]) -> dict[str, Any]:
    """A group as lists show it: nobody says there how it is."""
    properties = {key: value for key, value in instance["properties"].items() if key != "instanceView"}
    return {**instance, "properties": {**properties, "containers": []}}


def _event(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "message": message, "count": 1, "firstTimestamp": STARTED, "lastTimestamp": STARTED}


@contextmanager
def serving(world: World) -> Iterator[dict[str, str]]:
    """Answers on a free port of this machine as long as the block lasts; the variables by which it is found."""
    server = _Server(world)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield {
            "CAAS_AZURE_ENDPOINT": address,
            "IDENTITY_ENDPOINT": f"{address}/token",
            "IDENTITY_HEADER": IDENTITY,
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
