"""What is built or fetched, and which version of it. A change here rebuilds just what it names.

The Go modules' own versions stand in ``go/*/go.mod`` and are pinned by hash in ``go.sum``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

GO_MODULES = Path(__file__).resolve().parent / "go"

GO_VERSION = "1.26.8"
PULUMI_VERSION = "3.259.0"
"""The same as PyPI's ``pulumi`` in pyproject.toml; a test compares them."""

KUBERNETES_VERSION = "1.33.13"
"""1.33 is the last release line that runs where cgroups are v1 only."""


@dataclass(frozen=True)
class GoBuild:
    """One ``go build``: a module, its commands, and what they are called afterwards."""

    name: str
    title: str
    module: str
    commands: dict[str, str]
    """Package to build -> name of the binary."""

    seconds: int
    """Compile time from nothing on two cores, for the display of what is left; measured."""

    linker: tuple[str, ...] = ()
    """Further linker flags, such as the version that the program reports."""

    embeds: tuple[str, ...] = ()
    """Files of a dependency that the main package embeds: ``module:path``."""

    copies: tuple[str, ...] = ()
    """Files of a dependency that are tools themselves: ``module:path``."""

    strips: tuple[str, ...] = ()
    """Dependencies of which an edited copy is compiled; see ``patches.py``."""


@dataclass(frozen=True)
class DebianPackages:
    """Programs of the distribution, unpacked beside the sandbox and not installed on the machine:
    installing containerd would remove another, and would start services that nobody asked for."""

    name: str = "debian"
    title: str = "etcd, containerd, runc, CNI, registry (Debian)"
    packages: tuple[str, ...] = field(
        default=(
            "busybox-static",
            "conntrack",
            "containerd",
            "containernetworking-plugins",
            "docker-registry",
            "etcd-server",
            "hey",
            "libedit2",
            "libbsd0",
            "libjansson4",
            "libmd0",
            "libmnl0",
            "libnetfilter-conntrack3",
            "libnfnetlink0",
            "libnftables1",
            "libnftnl11",
            "libxtables12",
            "nftables",
            "runc",
        )
    )
    wrapped: tuple[str, ...] = ("nft", "conntrack")
    """Tools that need the unpacked libraries; a wrapper sets the library path for them alone."""

    seconds: int = 10


def plugin_version(package: str) -> str:
    """The version that the installed Python SDK expects of its plug-in, from the lock file.

    Raises:
        LookupError: the lock file does not pin the package.
    """
    lock = (GO_MODULES.parents[2] / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.search(rf"^{re.escape(package)}==(\S+)", lock, re.MULTILINE)
    if pinned is None:
        raise LookupError(f"requirements.lock does not pin {package}")
    return pinned.group(1)


def module_version(module: str, dependency: str) -> str:
    """The version of a dependency that one of our Go modules pins, without its ``v``.

    Raises:
        LookupError: its go.mod does not name it.
    """
    text = (GO_MODULES / module / "go.mod").read_text(encoding="utf-8")
    pinned = re.search(rf"^\t{re.escape(dependency)} v(\S+)", text, re.MULTILINE)
    if pinned is None:
        raise LookupError(f"{module}/go.mod does not pin {dependency}")
    return pinned.group(1)


_KUBERNETES_SERIES = KUBERNETES_VERSION.split(".")

_KUBERNETES_LINKER = (
    f"-X k8s.io/component-base/version.gitVersion=v{KUBERNETES_VERSION}",
    f"-X k8s.io/component-base/version.gitMajor={_KUBERNETES_SERIES[0]}",
    f"-X k8s.io/component-base/version.gitMinor={_KUBERNETES_SERIES[1]}",
    "-X k8s.io/component-base/version.gitTreeState=clean",
)

_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"


def engine() -> tuple[GoBuild, ...]:
    """The Pulumi command line and the plug-ins that the sandbox runs for real."""
    return (
        GoBuild(
            name="pulumi",
            title=f"Pulumi {PULUMI_VERSION}",
            module="pulumi",
            commands={"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi": "pulumi"},
            seconds=140,
            linker=(f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",),
            copies=("github.com/pulumi/pulumi/sdk/v3:python/cmd/pulumi-language-python-exec",),
        ),
        GoBuild(
            name="pulumi-kubernetes",
            title="Kubernetes plug-in for Pulumi",
            module="pulumi-kubernetes",
            commands={".": "pulumi-resource-kubernetes"},
            seconds=250,
            linker=(f"-X main.version={plugin_version('pulumi-kubernetes')}",),
            embeds=(
                f"{_PROVIDER}:cmd/pulumi-resource-kubernetes/schema.json",
                f"{_PROVIDER}:cmd/pulumi-resource-kubernetes/terraform-mapping.json",
            ),
        ),
        GoBuild(
            name="docker-build",
            title="docker-build plug-in for Pulumi",
            module="docker-build",
            commands={
                "github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build": (
                    "pulumi-resource-docker-build"
                )
            },
            seconds=60,
            linker=(
                "-X github.com/pulumi/pulumi-docker-build/provider.Version=" + plugin_version("pulumi-docker-build"),
            ),
        ),
    )


def cluster() -> tuple[GoBuild, ...]:
    """A Kubernetes with a builder, DNS, metrics and an ingress controller."""
    return (
        GoBuild(
            name="kubernetes",
            title=f"Kubernetes {KUBERNETES_VERSION}",
            module="cluster",
            commands={
                f"k8s.io/kubernetes/cmd/{name}": name
                for name in ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet")
            },
            seconds=200,
            linker=_KUBERNETES_LINKER,
            strips=("github.com/go-acme/lego/v4",),
        ),
        GoBuild(
            name="buildkit",
            title="BuildKit",
            module="docker-build",
            commands={"github.com/moby/buildkit/cmd/buildkitd": "buildkitd"},
            seconds=40,
        ),
        GoBuild(
            name="coredns",
            title="CoreDNS",
            module="cluster",
            commands={"./coredns": "coredns"},
            seconds=25,
            strips=("github.com/go-acme/lego/v4",),
        ),
        GoBuild(
            name="metrics-server",
            title="metrics-server",
            module="cluster",
            commands={"sigs.k8s.io/metrics-server/cmd/metrics-server": "metrics-server"},
            seconds=20,
            strips=("github.com/go-acme/lego/v4",),
        ),
        GoBuild(
            name="traefik",
            title="Traefik",
            module="cluster",
            commands={"github.com/traefik/traefik/v3/cmd/traefik": "traefik"},
            seconds=60,
            strips=("github.com/go-acme/lego/v4",),
        ),
    )


def prometheus() -> tuple[GoBuild, ...]:
    """Prometheus, and its own test of rules."""
    return (
        GoBuild(
            name="prometheus",
            title="Prometheus",
            module="prometheus",
            commands={f"github.com/prometheus/prometheus/cmd/{name}": name for name in ("prometheus", "promtool")},
            seconds=200,
        ),
    )


OPERATOR_VERSION = "0.85.0"
PROMETHEUS_TAG = "v3.5.0"
"""Under which that operator asks for a Prometheus, unless it is told another; ours is a little newer."""
ALERTMANAGER_TAG = "v0.28.1"
OPERATOR = "github.com/prometheus-operator/prometheus-operator"
MONITORING_KINDS = (
    "alertmanagerconfigs",
    "alertmanagers",
    "podmonitors",
    "probes",
    "prometheusagents",
    "prometheuses",
    "prometheusrules",
    "scrapeconfigs",
    "servicemonitors",
    "thanosrulers",
)
"""What the operator watches: it wants every one of them defined."""


def monitoring() -> tuple[GoBuild, ...]:
    """What runs a Prometheus in a cluster, who is told by it, and who counts the cluster's objects for it."""
    return (
        GoBuild(
            name="monitoring",
            title="prometheus-operator, Alertmanager, kube-state-metrics",
            module="monitoring",
            commands={
                f"{OPERATOR}/cmd/operator": "prometheus-operator",
                f"{OPERATOR}/cmd/prometheus-config-reloader": "prometheus-config-reloader",
                "github.com/prometheus/alertmanager/cmd/alertmanager": "alertmanager",
                "k8s.io/kube-state-metrics/v2": "kube-state-metrics",
            },
            seconds=200,
            linker=(f"-X github.com/prometheus/common/version.Version={OPERATOR_VERSION}",),
            copies=tuple(
                f"{OPERATOR}:example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
                for kind in MONITORING_KINDS
            ),
        ),
    )


def gateway() -> tuple[GoBuild, ...]:
    """The Gateway API's own definitions, of the version that the ingress controller was made with."""
    kinds = ("gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants")
    return (
        GoBuild(
            name="gateway-api",
            title="Gateway API",
            module="cluster",
            commands={},
            seconds=1,
            copies=tuple(
                f"sigs.k8s.io/gateway-api:config/crd/standard/gateway.networking.k8s.io_{kind}.yaml" for kind in kinds
            ),
        ),
    )


def checks() -> tuple[GoBuild, ...]:
    """Other people's tools that judge what is declared; only the tests use them."""
    return (
        GoBuild(
            name="kube-score",
            title="kube-score",
            module="kube-score",
            commands={"github.com/zegl/kube-score/cmd/kube-score": "kube-score"},
            seconds=40,
        ),
        GoBuild(
            name="actions",
            title="act and actionlint",
            module="pipelines",
            commands={
                "github.com/nektos/act": "act",
                "github.com/rhysd/actionlint/cmd/actionlint": "actionlint",
            },
            seconds=25,
        ),
    )


def supply() -> tuple[GoBuild, ...]:
    """What lists, signs and verifies images. Compiled only where somebody asks for it: nothing else needs it."""
    return (
        GoBuild(
            name="syft",
            title="syft",
            module="syft",
            commands={"github.com/anchore/syft/cmd/syft": "syft"},
            seconds=89,
            linker=(f"-X main.version={module_version('syft', 'github.com/anchore/syft')}",),
        ),
        GoBuild(
            name="cosign",
            title="cosign",
            module="cosign",
            commands={"github.com/sigstore/cosign/v2/cmd/cosign": "cosign"},
            seconds=161,
            linker=(
                "-X sigs.k8s.io/release-utils/version.gitVersion=v"
                + module_version("cosign", "github.com/sigstore/cosign/v2"),
            ),
        ),
    )
