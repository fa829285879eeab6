"""One simulated cloud: its world, its resource types, and what a create, read, update or delete does there."""

from __future__ import annotations

import copy
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.clouds.core.checks import DEFAULTS
from sandbox.clouds.core.errors import CloudError, Lost, Partial
from sandbox.clouds.core.faults import Fault, Faults
from sandbox.clouds.core.model import Call, Kind, Scope, Values, at, matches
from sandbox.clouds.core.world import GLOBAL, World

Function = Callable[[World, Scope, Values], dict[str, Any]]


@dataclass(frozen=True)
class Definition:
    """What a cloud is made of."""

    name: str
    """The plug-in's name, ``aws``."""
    package: str
    """The SDK's Python package."""
    kinds: Mapping[str, Kind]
    functions: Mapping[str, Function]
    configure: Callable[[Values, Mapping[str, str]], Scope]
    """The scope from the provider's configuration and the environment; raises `CloudError`."""
    throttled: tuple[str, str] = ("ThrottlingException", "Rate exceeded")
    unavailable: tuple[str, str] = ("ServiceUnavailableException", "Service is unavailable. Try again later.")


@dataclass
class Cloud:
    """A definition with its world and its faults."""

    definition: Definition
    world: World
    faults: Faults

    def __post_init__(self) -> None:
        self.cancelled = threading.Event()

    def create(self, kind: Kind, name: str, scope: Scope, inputs: Values) -> tuple[str, dict[str, Any]]:
        """Make a resource; its id and state. Raises `CloudError`, `Lost` or `Partial`."""
        fault = self._suffer(kind.token, "create", name)
        with self.world.open() as world:
            call = Call(world, _in(scope, inputs), {**kind.defaults, **inputs})
            _references(kind, call)
            _unique(kind, call)
            _quota(kind, call)
            kind.admit(call)
            made = kind.make(call)
            state = {**state_of(kind, call.scope, call.inputs), **made}
            call = replace(call, id=made[kind.keyed])
            record = {"state": state, "platform": call.platform}
            world.put(kind.token, kind.region(call.scope), made[kind.keyed], record)
            error = self._after(kind, call, fault)
            state = self._kept(kind, call)
        if error is not None:
            raise _about(error, made["id"], state)
        return made["id"], state

    def read(self, kind: Kind, name: str, scope: Scope, id_: str, state: Values) -> dict[str, Any] | None:
        """The state of a resource as the world has it; None where it is gone."""
        self._suffer(kind.token, "read", name)
        with self.world.open() as world:
            region = kind.region(_in(scope, state))
            record = world.get(kind.token, region, state.get(kind.keyed) or id_)
            if record is None and not state and kind.imported:
                record = next((one for one in world.all(kind.token, region).values() if _asked(kind, one) == id_), None)
            if record is None:
                return None
            return copy.deepcopy(record["state"] if state else _seen(kind, record["state"]))

    def update(self, kind: Kind, name: str, scope: Scope, id_: str, old: Values, inputs: Values) -> dict[str, Any]:
        """Change a resource; its new state."""
        fault = self._suffer(kind.token, "update", name)
        with self.world.open() as world:
            scope, key = _in(scope, old), old.get(kind.keyed) or id_
            record = world.get(kind.token, kind.region(scope), key)
            if record is None:
                raise CloudError("ResourceNotFoundException", f"couldn't find resource {id_}", 404)
            platform = copy.deepcopy(record["platform"])
            call = Call(world, scope, {**kind.defaults, **inputs}, record["state"], key, platform)
            _references(kind, call)
            kind.admit(call)
            state = changed(kind, scope, old, inputs, record["state"])
            if again := kind.volatile | kind.shaped:
                made = kind.make(call)
                state |= {key: made[key] for key in again if key in made}
            world.put(kind.token, kind.region(scope), key, {"state": state, "platform": platform})
            error = self._after(kind, call, fault)
            state = self._kept(kind, call)
        if error is not None:
            raise _about(error, id_, state)
        return state

    def delete(self, kind: Kind, name: str, scope: Scope, id_: str, state: Values) -> None:
        """Take a resource away; one that is gone already is no error."""
        fault = self._suffer(kind.token, "delete", name)
        with self.world.open() as world:
            scope, key = _in(scope, state), state.get(kind.keyed) or id_
            record = world.get(kind.token, kind.region(scope), key)
            if record is None:
                return
            call = Call(world, scope, record["state"], record["state"], key, copy.deepcopy(record["platform"]))
            self._holders(kind, call)
            kind.release(call)
            world.remove(kind.token, kind.region(scope), key)
        if fault is not None and fault.kind in ("half", "lost"):
            raise self._error(fault)

    def invoke(self, token: str, scope: Scope, inputs: Values) -> dict[str, Any]:
        """Call a function."""
        self._suffer(token, "invoke", "")
        with self.world.open() as world:
            return self.definition.functions[token](world, _in(scope, inputs), inputs)

    def _suffer(self, token: str, operation: str, name: str) -> Fault | None:
        with self.world.open():
            fault = self.faults.take(token, operation, name)
        if fault is None:
            return None
        if fault.kind in ("throttle", "unavailable"):
            raise self._error(fault)
        if fault.kind == "slow" and self.cancelled.wait(fault.seconds):
            raise CloudError("RequestCanceled", "request canceled, context canceled")
        return fault

    def _error(self, fault: Fault) -> CloudError:
        usual = self.definition.throttled if fault.kind == "throttle" else self.definition.unavailable
        status = 400 if fault.kind == "throttle" else 503
        return CloudError(fault.code or usual[0], fault.message or usual[1], status)

    def _after(self, kind: Kind, call: Call, fault: Fault | None) -> Exception | None:
        """What happens once the change is made: the world has it, whatever the program is told."""
        if fault is None or fault.kind == "slow":
            return None
        if fault.kind == "rollback":
            if kind.rollback is None:
                raise CloudError("InvalidFault", f"{kind.token} has no deployment that could be rolled back")
            error = kind.rollback(call)
            return Partial(error) if error else None
        if fault.kind == "lost":
            return Lost(self._error(fault))
        return Partial(self._error(fault))

    def _kept(self, kind: Kind, call: Call) -> dict[str, Any]:
        """The state that the world has now."""
        record = self.world.get(kind.token, kind.region(call.scope), str(call.id))
        assert record is not None
        state: dict[str, Any] = copy.deepcopy(record["state"])
        return state

    def _holders(self, kind: Kind, call: Call) -> None:
        for other in self.definition.kinds.values():
            for path, reference in other.references.items():
                if reference.kind != kind.token or not reference.holds:
                    continue
                value = call.id if reference.key == "id" else call.inputs.get(reference.key)
                scopes = (call.scope.region, GLOBAL) if kind.everywhere else (other.region(call.scope),)
                for region in scopes:
                    for record in call.world.all(other.token, region).values():
                        if value in [found for _, found in at(record["state"], path)]:
                            code, text = kind.held
                            raise CloudError(code, text.format(id=call.id, **_words(call)))


def _seen(kind: Kind, state: Values) -> dict[str, Any]:
    """What is found of a resource that the program knows nothing of but its id."""
    found = {key: value for key, value in state.items() if key not in kind.unread}
    return {**found, **{key: kind.defaults[key] for key in kind.unread if key in kind.defaults}}


def _asked(kind: Kind, record: Values) -> str:
    """What a resource is imported by, where that is not its id. Of what is an ARN its end counts."""
    texts: dict[str, str] = defaultdict(str)
    for key, value in record["state"].items():
        texts[key] = str(value).rpartition("/")[2] if str(value).startswith("arn:") else str(value)
    return kind.imported.format_map(texts)


def state_of(kind: Kind, scope: Scope, inputs: Values) -> dict[str, Any]:
    """What a resource reports of its inputs: they, the defaults, the region and all tags."""
    state = {key: value for key, value in {**kind.defaults, **inputs}.items() if key != DEFAULTS}
    if not kind.everywhere:
        state["region"] = inputs.get("region") or scope.region
    if scope.default_tags or inputs.get("tags"):
        tags = inputs.get("tags") or {}
        state["tagsAll"] = {**scope.default_tags, **tags} if isinstance(tags, Mapping) else tags
    return state


def changed(kind: Kind, scope: Scope, old: Values, inputs: Values, actual: Values) -> dict[str, Any]:
    """The state after an update: what differs from the ``old`` state is laid over the ``actual`` one.

    What does not differ is not sent, so that a count which an autoscaler has moved since stays where it is.
    """
    new = state_of(kind, scope, inputs)
    gone = {key for key in old if key not in new and key != "id" and key not in kind.computed}
    moved = {key: value for key, value in new.items() if value != old.get(key) and key not in kind.shaped}
    return {**{key: value for key, value in actual.items() if key not in gone}, **moved}


def request_id() -> str:
    """What a cloud's answer carries."""
    return str(uuid.uuid4())


def _about(error: Exception, id_: str, state: dict[str, Any]) -> Exception:
    if isinstance(error, Partial):
        error.id, error.state = id_, state
    return error


def _in(scope: Scope, values: Values) -> Scope:
    region = values.get("region")
    return replace(scope, region=region) if isinstance(region, str) and region else scope


def _words(call: Call) -> dict[str, Any]:
    """What a message may name of a resource: its texts and numbers, but for what the message itself brings."""
    own = {"id", "value", "limit"}
    return {key: value for key, value in call.inputs.items() if isinstance(value, str | int | float) and key not in own}


def _references(kind: Kind, call: Call) -> None:
    for path, reference in kind.references.items():
        for _, value in at(call.inputs, path):
            if matches(reference.foreign, str(value)):
                continue
            region = GLOBAL if reference.everywhere else None
            if call.the(reference.kind, reference.key, value, region=region) is None:
                raise CloudError(reference.code, reference.text.format(value=value), 404)


def _unique(kind: Kind, call: Call) -> None:
    if kind.unique is None:
        return
    mine = [call.inputs.get(key) for key in kind.unique.keys]
    for other in call.others(kind.token, region=kind.region(call.scope)):
        if [other.get(key) for key in kind.unique.keys] == mine:
            text = kind.unique.text.format(value=mine[-1], id=other.get("id"), **_words(call))
            raise CloudError(kind.unique.code, text, 409)


def _quota(kind: Kind, call: Call) -> None:
    quota = kind.quota
    if quota is None:
        return
    counted = [
        other
        for other in call.others(kind.token, region=kind.region(call.scope))
        if quota.per is None or other.get(quota.per) == call.inputs.get(quota.per)
    ]
    if len(counted) >= quota.limit:
        raise CloudError(quota.code, quota.text.format(limit=quota.limit, **_words(call)))
