"""What a pod may do to the machine that it runs on: the Pod Security Standard `restricted`, and a little more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.pods import POD_TYPES, PODS, called, containers, effective
from policies.rule import Answer, Resource, Rule, Setting, Severity, items, judged, read

LOWEST_USER = 10000
"""Below it are the users of the machine: a process that gets out would be one of them."""

HARMLESS = frozenset({"NET_BIND_SERVICE"})
"""Capabilities that `restricted` lets a container add."""

CONFINED = frozenset({"RuntimeDefault", "Localhost"})

HOST_NAMESPACES = ("hostPID", "hostIPC", "hostNetwork")


def _privileged(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = (*path, "securityContext", "privileged")
        yield from judged(
            resource.properties, at, lambda found: found is True, f"container {called(container)} runs privileged"
        )


def _escalation(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = (*path, "securityContext", "allowPrivilegeEscalation")
        yield from judged(
            resource.properties,
            at,
            lambda found: found is not False,
            f"container {called(container)} may gain rights while it runs",
        )


def _root(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = effective(resource, path, "runAsNonRoot")
        message = f"container {called(container)} may run as root"
        yield from judged(resource.properties, at, lambda found: found is not True, message)


def _user(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = effective(resource, path, "runAsUser")
        message = f"container {called(container)} runs as a user below {LOWEST_USER}, or as whom its image names"
        yield from judged(resource.properties, at, lambda found: not _high(found), message)


def _high(user: object) -> bool:
    return isinstance(user, int) and user >= LOWEST_USER


def _capabilities(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = (*path, "securityContext", "capabilities", "drop")
        message = f"container {called(container)} keeps capabilities; it must drop ALL"
        yield from judged(resource.properties, at, lambda found: not _drops_all(found), message)
        added = (*path, "securityContext", "capabilities", "add")
        for one, capability in items(resource.properties, *added):
            message = f"container {called(container)} adds the capability {capability}"
            yield from judged(resource.properties, one, lambda found: _harmful(found), message)


def _drops_all(dropped: object) -> bool:
    return isinstance(dropped, list | tuple) and "ALL" in dropped


def _harmful(capability: object) -> bool:
    return not isinstance(capability, str) or capability not in HARMLESS


def _seccomp(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = effective(resource, path, "seccompProfile", "type")
        message = f"container {called(container)} has no seccomp profile"
        yield from judged(resource.properties, at, lambda found: not _confined(found), message)


def _confined(profile: object) -> bool:
    return isinstance(profile, str) and profile in CONFINED


def _root_file_system(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        at = (*path, "securityContext", "readOnlyRootFilesystem")
        message = f"container {called(container)} can write to its own file system"
        yield from judged(resource.properties, at, lambda found: found is not True, message)


def _host_namespaces(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for key in HOST_NAMESPACES:
        at = (*PODS[resource.type], key)
        yield from judged(resource.properties, at, lambda found: found is True, f"the pod sets {key}")


def _host_ports(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    # In the host's network every port is the host's, with or without this field; that is another rule's.
    for path, container in containers(resource):
        for port, _ in items(resource.properties, *path, "ports"):
            at = (*port, "hostPort")
            name = called(container)

            def message(found: object, name: str = name) -> str:
                return f"container {name} takes port {found} of the node"

            yield from judged(resource.properties, at, lambda found: found not in (None, 0), message)


def _host_paths(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, volume in items(resource.properties, *PODS[resource.type], "volumes"):

        def message(found: object, name: str = called(volume)) -> str:
            return f"volume {name} is the directory {read(found, 'path')} of the node"

        yield from judged(resource.properties, (*path, "hostPath"), lambda found: found is not None, message)


_rule = partial(Rule, types=POD_TYPES)

RULES: tuple[Rule, ...] = (
    _rule(
        id="k8s-no-privileged",
        title="No container runs privileged.",
        severity=Severity.CRITICAL,
        reason="A privileged container is root on its node, and from there reads every other pod's secrets.",
        remedy="Remove securityContext.privileged; add the one capability that is missing.",
        check=_privileged,
        references=("CKV_K8S_16", "polaris: runAsPrivileged", "kube-score: container-security-context-privileged"),
    ),
    _rule(
        id="k8s-no-privilege-escalation",
        title="No container gains rights while it runs.",
        severity=Severity.CRITICAL,
        reason="A program with the setuid bit would turn the service's user into root.",
        remedy="Set securityContext.allowPrivilegeEscalation to false.",
        check=_escalation,
        references=("CKV_K8S_20", "polaris: privilegeEscalationAllowed", "kubescape: C-0016"),
    ),
    _rule(
        id="k8s-non-root",
        title="Containers run as a user that is not root.",
        severity=Severity.HIGH,
        reason="What breaks out of a container that runs as root is root on the node.",
        remedy="Set runAsNonRoot to true in the pod's securityContext.",
        check=_root,
        references=("CKV_K8S_23", "polaris: runAsRootAllowed", "kubescape: C-0013"),
    ),
    _rule(
        id="k8s-high-uid",
        title="Containers run as a user that the node does not have.",
        severity=Severity.HIGH,
        reason="A low user number is somebody on the node, whose files a process that breaks out can read.",
        remedy=f"Set runAsUser to {LOWEST_USER} or above in the pod's securityContext.",
        check=_user,
        references=("CKV_K8S_40", "kube-score: container-security-context-user-group-id"),
    ),
    _rule(
        id="k8s-drop-capabilities",
        title="Containers drop every capability.",
        severity=Severity.HIGH,
        reason="The capabilities that a container has by default are enough to forge packets and to change owners.",
        remedy="Set securityContext.capabilities.drop to [ALL], and add NET_BIND_SERVICE at the most.",
        check=_capabilities,
        references=("CKV_K8S_28", "CKV_K8S_37", "polaris: insecureCapabilities", "kubescape: C-0046"),
    ),
    _rule(
        id="k8s-seccomp",
        title="Containers run under a seccomp profile.",
        severity=Severity.HIGH,
        reason="Without one every call of the kernel is open, those included that defects are found in.",
        remedy="Set seccompProfile.type to RuntimeDefault in the pod's securityContext.",
        check=_seccomp,
        references=("CKV_K8S_31", "kubescape: C-0055"),
    ),
    _rule(
        id="k8s-readonly-rootfs",
        title="A container cannot write to its own file system.",
        severity=Severity.HIGH,
        reason="Who gets in could put a program there and start it.",
        remedy="Set securityContext.readOnlyRootFilesystem to true, and mount an emptyDir where files are written.",
        check=_root_file_system,
        references=("CKV_K8S_22", "polaris: notReadOnlyRootFilesystem", "kubescape: C-0017"),
    ),
    _rule(
        id="k8s-no-host-namespaces",
        title="Pods do not share the node's processes, memory or network.",
        severity=Severity.HIGH,
        reason="Such a pod sees the node's processes or traffic, and network policies do not hold for it.",
        remedy="Remove hostPID, hostIPC and hostNetwork.",
        check=_host_namespaces,
        references=(
            "CKV_K8S_17",
            "CKV_K8S_18",
            "CKV_K8S_19",
            "polaris: hostNetworkSet",
            "kubescape: C-0038",
            "kubescape: C-0041",
        ),
    ),
    _rule(
        id="k8s-no-host-port",
        title="Containers take no port of the node.",
        severity=Severity.HIGH,
        reason="The port answers at the node's address past every policy, and only one such pod fits on a node.",
        remedy="Remove hostPort and put a Service in front.",
        check=_host_ports,
        references=("CKV_K8S_26", "polaris: hostPortSet", "kubescape: C-0044"),
    ),
    _rule(
        id="k8s-no-host-path",
        title="Pods mount no directory of the node.",
        severity=Severity.HIGH,
        reason="The node's files hold the keys of its kubelet and the data of every other pod.",
        remedy="Use an emptyDir or a PersistentVolumeClaim.",
        check=_host_paths,
        references=("polaris: hostPathSet", "kubescape: C-0048", "kubescape: C-0045"),
    ),
)
