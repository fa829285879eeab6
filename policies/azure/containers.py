"""Azure Container Instances: who reaches a container, who it is, what it may do, what it holds in plain text."""

from __future__ import annotations

from collections.abc import Iterator

from policies.reading import filled, named, number
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)
from policies.secrecy import secret_name, secret_value

GROUP = "azure-native:containerinstance:ContainerGroup"
PROFILE = "azure-native:containerinstance:ContainerGroupProfile"
NGROUP = "azure-native:containerinstance:NGroup"
CONTAINERS = frozenset({GROUP, PROFILE})


def _private(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type == NGROUP:
        for path, _profile in items(resource.properties, "containerGroupProfiles"):
            of = (*path, "containerGroupProperties", "subnetIds")
            message = "its instances stand in no network of yours; name a subnet"
            yield from judged(resource.properties, of, lambda found: not filled(found), message)
        return
    message = "it has a public address, past the gateway and its firewall; write Private"
    yield from judged(resource.properties, ("ipAddress", "type"), lambda found: found == "Public", message)
    if resource.type == GROUP:
        message = "it stands in no network of yours; name a subnet"
        yield from judged(resource.properties, ("subnetIds",), lambda found: not filled(found), message)


def _secret_environment(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container in items(resource.properties, "containers"):
        for at, variable in items(resource.properties, *path, "environmentVariables"):
            name, value = read(variable, "name"), read(variable, "value")
            if name is UNKNOWN or value is UNKNOWN:
                yield Undecided(dotted(*at))
            elif filled(value) and (secret_name(name) or secret_value(value)):
                text = f"{named(container)} holds a secret in plain text as {name}; give it as secureValue"
                yield Violation(text, dotted(*at))


def _identity(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type != PROFILE:
        yield from judged(
            resource.properties,
            ("identity", "type"),
            lambda found: found in (None, "None"),
            "its containers are nobody, so that they need passwords; give it a managed identity",
        )
    for path, _credential in items(resource.properties, "imageRegistryCredentials"):
        yield from judged(
            resource.properties,
            (*path, "password"),
            lambda found: found is not None,
            "images are pulled with a password; name an identity with the role AcrPull",
        )


def _context(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container in items(resource.properties, "containers"):
        of, who = (*path, "securityContext"), named(container)
        yield from judged(
            resource.properties,
            (*of, "privileged"),
            lambda found: found not in (None, False),
            f"{who} is privileged; leave privileged out",
        )
        yield from judged(
            resource.properties,
            (*of, "allowPrivilegeEscalation"),
            lambda found: found is not False,
            f"{who} may become more than it was; set allowPrivilegeEscalation to false",
        )
        yield from judged(
            resource.properties,
            (*of, "runAsUser"),
            lambda found: not (number(found) or 0) > 0,
            f"{who} runs as root, or as whoever its image says; set runAsUser to a number other than 0",
        )


def _logs(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("diagnostics", "logAnalytics", "workspaceId"),
        lambda found: not filled(found),
        "its log is gone with the instance; name a workspace in diagnostics.logAnalytics",
    )


RULES = (
    Rule(
        id="aci-private",
        title="Container Instances stand in a network of one's own, without a public address.",
        severity=Severity.HIGH,
        reason="They can be reached past the gateway, its firewall and its logs.",
        remedy="Set ipAddress.type to Private and name a subnet.",
        types=frozenset({GROUP, PROFILE, NGROUP}),
        check=_private,
        references=("CKV_AZURE_98", "CKV_AZURE_245"),
    ),
    Rule(
        id="aci-secure-env",
        title="No container of Azure is given a secret in plain text.",
        severity=Severity.CRITICAL,
        reason="Everybody who may look at the group reads it, in the portal and in its activity log.",
        remedy="Give it as secureValue, or mount it from Key Vault.",
        types=CONTAINERS,
        check=_secret_environment,
        references=("CKV_AZURE_235",),
    ),
    Rule(
        id="aci-managed-identity",
        title="Container Instances have a managed identity and no password.",
        severity=Severity.MEDIUM,
        reason="A password has to be kept, handed over and changed; an identity only has to be given roles.",
        remedy="Set identity, and identity instead of password in imageRegistryCredentials.",
        types=frozenset({GROUP, PROFILE, NGROUP}),
        check=_identity,
        references=("CKV2_AZURE_28",),
    ),
    Rule(
        id="aci-security-context",
        title="A container of Azure does not run as root and cannot become root.",
        severity=Severity.HIGH,
        reason="A fault in the kernel or the runtime is worth far more to root than to anybody else.",
        remedy="Set securityContext: runAsUser, allowPrivilegeEscalation false, privileged false.",
        types=CONTAINERS,
        check=_context,
        references=("CKV_K8S_16", "CKV_K8S_20", "CKV_K8S_40"),
    ),
    Rule(
        id="aci-logs",
        title="The log of Container Instances goes somewhere.",
        severity=Severity.HIGH,
        reason="An instance takes its log with it: nobody can tell why it ended.",
        remedy="Set diagnostics.logAnalytics.",
        types=CONTAINERS,
        check=_logs,
    ),
)
