"""Container Instances: profiles, and the groups that an NGroup makes of them and rolls by itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import IN_GROUP, TAKEN, grouped, identities, last, made, name, now, principal, refer
from sandbox.clouds.azure.groups import PULL, may
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Quota, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

DELEGATED = "Microsoft.ContainerInstance/containerGroups"
SMALLEST, LARGEST = {"cpu": 1.0, "memoryInGB": 1.0}, {"cpu": 4.0, "memoryInGB": 16.0}
"""What a group asks for in all."""


def _profile(call: Call) -> dict[str, Any]:
    revision = int((call.old or {}).get("revision") or 0) + 1
    own = call.inputs["containerGroupProfileName"]
    return made(call, "Microsoft.ContainerInstance/containerGroupProfiles", own, revision=revision)


def _check_profile(inputs: Values) -> Iterator[Failure]:
    containers = inputs.get("containers")
    if not isinstance(containers, list) or not containers:
        yield Failure("containers", "a container group needs a container")
        return
    names = [one.get("name") for one in containers]
    if len(set(names)) < len(names):
        yield Failure("containers", "two containers have one name")
    for key, least in SMALLEST.items():
        asked = [((one.get("resources") or {}).get("requests") or {}).get(key) for one in containers]
        if UNKNOWN in asked or None in asked:
            continue
        total = round(sum(float(one) for one in asked if one is not None), 3)
        if not least <= total <= LARGEST[key]:
            limit = f"the resource requests '{key}' of a container group are from {least:g} to {LARGEST[key]:g}"
            yield Failure("containers", f"{limit}, these are {total:g}")
    for index, one in enumerate(containers):
        yield from _check_container(f"containers[{index}]", one)


def _check_container(where: str, container: Mapping[str, Any]) -> Iterator[Failure]:
    for key in ("livenessProbe", "readinessProbe"):
        probe = container.get(key)
        if isinstance(probe, dict) and bool(probe.get("exec")) == bool(probe.get("httpGet")):
            yield Failure(f"{where}.{key}", "a probe has exactly one of exec and httpGet")
    variables = container.get("environmentVariables") or ()
    for one in variables if variables != UNKNOWN else ():
        given = [key for key in ("value", "secureValue", "secureValueReference") if one.get(key) is not None]
        if len(given) != 1:
            yield Failure(f"{where}.environmentVariables", f"{one.get('name')} has {len(given)} values")
    memory = ((container.get("resources") or {}).get("requests") or {}).get("memoryInGB")
    if isinstance(memory, int | float) and round(memory * 10, 6) % 1:
        yield Failure(f"{where}.resources", f"memory is given in tenths of a GB, not {memory:g}")


def _group(call: Call) -> dict[str, Any]:
    own = call.inputs["ngroupsName"]
    if call.old is None:
        _start(call, count(call.inputs))
    return made(call, "Microsoft.ContainerInstance/nGroups", own, **identities(call))


def count(state: Values) -> int:
    """How many groups are asked for."""
    return int((state.get("elasticProfile") or {}).get("desiredCount") or 0)


def profile_of(state: Values) -> str:
    """Id of the profile that is asked for."""
    (one,) = state["containerGroupProfiles"]
    return str(one["resource"]["id"])


def resize(platform: dict[str, Any], state: Values, wanted: int) -> None:
    """Make or take away groups until there are so many, spread over the zones."""
    groups = list(platform.get("groups", ()))
    zones = list(state.get("zones") or [None])
    while len(groups) < wanted:
        groups.append(new_group(state, zones[len(groups) % len(zones)]))
    platform["groups"] = groups[:wanted]


def new_group(state: Values, zone: str | None) -> dict[str, Any]:
    """A container group of the present profile."""
    policy = (state.get("elasticProfile") or {}).get("containerGroupNamingPolicy") or {}
    prefix = (policy.get("guidNamingPolicy") or {}).get("prefix", "")
    address = f"10.0.{128 + secrets.randbelow(127)}.{4 + secrets.randbelow(250)}"
    named = f"{prefix}{secrets.token_hex(8)}"
    return {"name": named, "profile": profile_of(state), "zone": zone, "state": "Running", "ip": address}


def _start(call: Call, wanted: int) -> None:
    call.platform["groups"] = []
    resize(call.platform, call.inputs, wanted)


def _update(call: Call) -> None:
    """Replace the groups where the profile is another one; the count is changed either way."""
    platform, new = call.platform, call.inputs
    held = platform.get("groups", [])
    mode = (new.get("updateProfile") or {}).get("updateMode") or "Manual"
    if held and profile_of(new) != held[0]["profile"] and mode == "Rolling":
        platform["groups"] = [new_group(new, one["zone"]) for one in held]
        platform["update"] = _status("Completed", len(held), 0)
    moved = count(new) != count(call.old or {})
    resize(platform, new, count(new) if moved else len(platform.get("groups", ())))


def _status(state: str, succeeded: int, failed: int, error: str | None = None) -> dict[str, Any]:
    progress: dict[str, Any] = {
        "state": state,
        "startTime": now(),
        "finishTime": now(),
        "containerGroupsUpdateSummary": {"succeededCount": succeeded, "failedCount": failed, "pendingCount": 0},
    }
    if error:
        progress["error"] = {"code": "RollingUpdateFailed", "message": error}
    return {"progress": progress}


def _stopped(call: Call) -> CloudError:
    """The first batch does not become healthy, and the update stops where it is: nothing is taken back."""
    record = call.world.get(tokens.NGROUP, "global", str(call.id))
    assert record is not None
    platform = record["platform"]
    words = "More container groups are unhealthy than maxUnhealthyPercent allows; the rolling update was stopped."
    before = platform.get("before") or profile_of(call.inputs)
    for at, one in enumerate(platform["groups"]):
        one["state"] = "Waiting" if at == 0 else "Running"
        one["profile"] = profile_of(call.inputs) if at == 0 else before
    platform["update"] = _status("Failed", 0, 1, words)
    state = {**record["state"], "provisioningState": "Failed"}
    call.world.put(tokens.NGROUP, "global", str(call.id), {"state": state, "platform": platform})
    return CloudError("RollingUpdateFailed", words, 409)


def _admit(call: Call) -> None:
    for entry in call.inputs.get("containerGroupProfiles") or ():
        _admit_subnets(call, entry.get("containerGroupProperties") or {})
        balancer = (entry.get("networkProfile") or {}).get("loadBalancer") or {}
        for pool in balancer.get("backendAddressPools") or ():
            _admit_pool(call, str(pool["resource"]))
        found = call.the(tokens.PROFILE, "id", str(entry["resource"]["id"]), region="global") or {}
        _admit_images(call, found, call.inputs["ngroupsName"])
    if call.old is not None:
        held = call.platform.get("groups") or [{}]
        call.platform["before"] = held[0].get("profile")
        _update(call)


def _admit_subnets(call: Call, given: Mapping[str, Any]) -> None:
    for subnet in given.get("subnetIds") or ():
        home = call.the(tokens.SUBNET, "id", subnet["id"], region="global")
        allowed = {one.get("serviceName") for one in (home or {}).get("delegations") or ()}
        if DELEGATED not in allowed:
            raise CloudError("SubnetNotDelegated", f"Subnet {subnet['id']} is not delegated to {DELEGATED}.")


def _containers(call: Call) -> dict[str, Any]:
    """A group of one's own, beside those of an NGroup: it runs as soon as it is made."""
    own = call.inputs["containerGroupName"]
    view = {"instanceView": {"state": "Running", "events": []}}
    return made(call, "Microsoft.ContainerInstance/containerGroups", own, **view, **identities(call))


def _admit_containers(call: Call) -> None:
    _admit_subnets(call, call.inputs)
    _admit_images(call, call.inputs, call.inputs["containerGroupName"])


def _admit_pool(call: Call, pool: str) -> None:
    owner, _, own = pool.partition("/backendAddressPools/")
    balancer = call.the(tokens.BALANCER, "id", owner, region="global")
    if own not in [one["name"] for one in (balancer or {}).get("backendAddressPools") or ()]:
        raise CloudError("InvalidResourceReference", f"Resource {pool} referenced by this resource was not found.")


def _admit_images(call: Call, found: Mapping[str, Any], group: str) -> None:
    """Every image must be there for the identity that pulls it: a role at the registry, or it starts nowhere.

    :param found: What names the containers, and who pulls.
    """
    known = {one["loginServer"]: one["id"] for one in call.others(tokens.REGISTRY, region="global")}
    who = {one["server"]: one.get("identity") for one in found.get("imageRegistryCredentials") or ()}
    mine = (call.inputs.get("identity") or {}).get("userAssignedIdentities") or ()
    for container in found.get("containers") or ():
        server = str(container["image"]).partition("/")[0]
        if server not in known:
            continue  # somebody else's, of which this world knows nothing
        identity = who.get(server)
        if identity is None or identity not in mine or not may(call, principal(call, identity), PULL, known[server]):
            raise CloudError(
                "InaccessibleImage",
                f"The image '{container['image']}' in container group '{group}' is not "
                "accessible. Please check the image and registry credential.",
            )


KINDS = (
    grouped(
        tokens.CONTAINERS,
        "Container Instances",
        "ContainerGroup",
        _containers,
        "containerGroupName",
        computed=("provisioningState", "instanceView", "identity"),
        volatile=frozenset({"instanceView"}),
        shaped=frozenset({"identity"}),
        replaces=frozenset({"osType", "sku", "zones", "subnetIds"}),
        name=name("containerGroupName", 63, r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
        references={
            "imageRegistryCredentials.identity": refer(tokens.IDENTITY, "ManagedIdentityNotFound"),
            "identity.userAssignedIdentities": refer(tokens.IDENTITY, "ManagedIdentityNotFound"),
            "subnetIds.id": refer(tokens.SUBNET),
        },
        check=_check_profile,
        admit=_admit_containers,
    ),
    Kind(
        tokens.PROFILE,
        "Container Instances",
        "ContainerGroupProfile",
        _profile,
        computed=("name", "type", "revision"),
        volatile=frozenset({"revision"}),
        replaces=frozenset({"containerGroupProfileName", "resourceGroupName", "location", "osType", "sku"}),
        name=name("containerGroupProfileName", 63, r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
        references={
            "resourceGroupName": IN_GROUP,
            "imageRegistryCredentials.identity": refer(tokens.IDENTITY, "ManagedIdentityNotFound"),
        },
        unique=Unique(("resourceGroupName", "containerGroupProfileName"), *TAKEN),
        check=_check_profile,
        held=("ContainerGroupProfileInUse", "Profile {id} is used by an NGroup and cannot be deleted."),
        everywhere=True,
    ),
    Kind(
        tokens.NGROUP,
        "Container Instances",
        "NGroup",
        _group,
        computed=("name", "type", "provisioningState", "identity"),
        volatile=frozenset({"provisioningState"}),
        shaped=frozenset({"identity"}),
        replaces=frozenset({"ngroupsName", "resourceGroupName", "location", "zones"}),
        name=name("ngroupsName", 63, r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"),
        references={
            "resourceGroupName": IN_GROUP,
            "containerGroupProfiles.resource.id": refer(tokens.PROFILE, "ContainerGroupProfileNotFound"),
            "containerGroupProfiles.containerGroupProperties.subnetIds.id": refer(tokens.SUBNET),
            "identity.userAssignedIdentities": refer(tokens.IDENTITY, "ManagedIdentityNotFound"),
        },
        ranges={"elasticProfile.desiredCount": (0, 1000)},
        unique=Unique(("resourceGroupName", "ngroupsName"), *TAKEN),
        quota=Quota(100, "QuotaExceeded", "The quota of {limit} NGroups of this subscription is used up."),
        admit=_admit,
        rollback=_stopped,
        everywhere=True,
    ),
)


def groups_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The container groups of an NGroup's record, with the profile's name beside its id."""
    return [{**one, "profileName": last(one["profile"])} for one in record["platform"].get("groups", ())]
