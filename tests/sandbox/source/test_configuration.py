"""What the sandbox writes for the programs that it starts."""

from __future__ import annotations

import base64
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import ports
from sandbox.errors import SandboxError
from sandbox.source import addons, buildkit, cgroups, containerd, control_plane, node, pki, registry
from sandbox.source.api import path_of
from sandbox.source.layout import Layout, link, write
from sandbox.source.processes import Daemon


class AnyTool:
    """A toolchain in which every program is there."""

    def tool(self, name: str) -> Path:
        return Path("/tools") / name


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "home")
    made.create("source")
    return made


def text(daemon: Daemon, name: str) -> str:
    return next(content for path, content in daemon.files.items() if path.name == name)


def test_containerd_keeps_everything_below_its_directory(layout: Layout) -> None:
    daemon = containerd.daemon(layout, AnyTool(), "127.0.0.1:15000/caas-sandbox/pause@sha256:00")
    config = tomllib.loads(text(daemon, "config.toml"))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    places = [
        config["root"],
        config["state"],
        config["grpc"]["address"],
        config["plugins"]["io.containerd.internal.v1.opt"]["path"],
        cri["registry"]["config_path"],
        cri["cni"]["bin_dir"],
        cri["cni"]["conf_dir"],
        cri["containerd"]["runtimes"]["runc"]["options"]["BinaryName"],
    ]
    assert [place for place in places if not place.startswith(f"{layout.home}/")] == []
    assert daemon.isolated


def test_containerd_lowers_no_oom_score_and_runs_our_sandbox_image(layout: Layout) -> None:
    config = tomllib.loads(text(containerd.daemon(layout, AnyTool(), "pause@sha256:00"), "config.toml"))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["restrict_oom_score_adj"] is True
    assert config["oom_score"] == 0
    assert cri["sandbox_image"] == "pause@sha256:00"


def test_the_pods_network_is_the_bridge_and_keeps_its_leases_in_the_sandbox(layout: Layout) -> None:
    network = json.loads(text(containerd.daemon(layout, AnyTool(), "pause"), "10-caas.conflist"))
    (bridge,) = network["plugins"]
    assert (bridge["type"], bridge["bridge"], bridge["ipMasq"]) == ("bridge", "caas0", False)
    # As a gateway, the plug-in would have the whole machine forward.
    assert bridge["isGateway"] is False
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.214.0.0/24", "gateway": "10.214.0.1"}]]
    assert bridge["ipam"]["routes"] == [{"dst": "0.0.0.0/0", "gw": "10.214.0.1"}]
    assert bridge["ipam"]["dataDir"] == str(layout.home / "cni" / "data")


def test_public_registries_are_looked_up_in_the_local_one_first() -> None:
    hosts = {name: tomllib.loads(content) for name, content in containerd.registry_hosts().items()}
    assert set(hosts) == {"127.0.0.1:15000", *registry.MIRRORED}
    assert hosts["docker.io"]["server"] == "https://registry-1.docker.io"
    mirror = hosts["docker.io"]["host"]["http://127.0.0.1:15000/v2/docker.io"]
    assert mirror == {"capabilities": ["pull", "resolve"], "override_path": True}
    assert hosts["127.0.0.1:15000"]["server"] == "http://127.0.0.1:15000"


def test_buildkit_uses_overlayfs_our_runc_and_the_mirrors(layout: Layout) -> None:
    config = tomllib.loads(text(buildkit.daemon(layout, AnyTool()), "buildkitd.toml"))
    worker = config["worker"]["oci"]
    assert (worker["enabled"], worker["snapshotter"]) == (True, "overlayfs")
    assert worker["binary"] == str(layout.bin / "runc")
    assert worker["defaultCgroupParent"] == "/caas-sandbox/builds"
    assert config["worker"]["containerd"]["enabled"] is False
    assert config["registry"]["127.0.0.1:15000"]["http"] is True
    assert config["registry"]["docker.io"]["mirrors"] == ["127.0.0.1:15000/docker.io"]
    assert config["registry"]["gcr.io"]["mirrors"] == ["127.0.0.1:15000/gcr.io"]
    assert config["grpc"]["address"] == [f"unix://{layout.buildkit_socket}"]


def test_the_buildx_instance_names_the_builders_socket(layout: Layout) -> None:
    buildkit.create_instance(layout)
    variables = buildkit.environment(layout)
    instance = json.loads(Path(variables["BUILDX_CONFIG"], "instances", variables["BUILDX_BUILDER"]).read_text())
    assert (instance["Name"], instance["Driver"]) == ("caas-sandbox", "remote")
    assert [each["Endpoint"] for each in instance["Nodes"]] == [f"unix://{layout.buildkit_socket}"]


def test_the_kubelet_keeps_pods_in_our_group_and_files_in_our_directory(layout: Layout) -> None:
    daemon = node.kubelet(layout, AnyTool())
    config = json.loads(text(daemon, "config.json"))
    assert config["cgroupRoot"] == "/caas-sandbox"
    assert (config["cgroupDriver"], config["failSwapOn"]) == ("cgroupfs", False)
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}
    assert config["readOnlyPort"] == 0
    assert config["oomScoreAdj"] == 0
    for key in ("podLogsDir", "volumePluginDir", "tlsCertFile", "resolvConf"):
        assert config[key].startswith(f"{layout.home}/"), key
    assert f"--root-dir={layout.home / 'kubelet'}" in daemon.command
    assert daemon.isolated


def test_kube_proxy_leaves_connection_tracking_alone(layout: Layout) -> None:
    config = json.loads(text(node.kube_proxy(layout, AnyTool()), "config.json"))
    assert config["mode"] == "nftables"
    assert config["conntrack"] == {
        "maxPerCore": 0,
        "min": 0,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    }
    assert config["nodePortAddresses"] == ["10.213.0.1/32"]


def test_the_api_server_authorises_and_listens_on_the_nodes_address_only(layout: Layout) -> None:
    command = control_plane.api_server(layout, AnyTool()).command
    assert "--authorization-mode=Node,RBAC" in command
    assert "--bind-address=10.213.0.1" in command
    assert "--kubelet-preferred-address-types=InternalIP" in command


@pytest.mark.parametrize("make", [control_plane.controller_manager, control_plane.scheduler, control_plane.etcd])
def test_the_other_components_listen_on_loopback_only(layout: Layout, make: Any) -> None:
    command = make(layout, AnyTool()).command
    listening = [each for each in command if each.split("=")[0].endswith(("bind-address", "urls"))]
    assert listening
    assert [each for each in listening if "127.0.0.1" not in each] == []


def test_no_command_line_carries_a_key(layout: Layout) -> None:
    pki.create(layout)
    daemons = [
        control_plane.etcd(layout, AnyTool()),
        control_plane.api_server(layout, AnyTool()),
        control_plane.controller_manager(layout, AnyTool()),
        node.kubelet(layout, AnyTool()),
    ]
    assert [each for daemon in daemons for each in daemon.command if "PRIVATE KEY" in each] == []


def test_certificates_are_made_once_for_their_users_and_hosts(layout: Layout) -> None:
    pki.create(layout)
    made = {path: path.read_bytes() for path in layout.keys.iterdir()}
    pki.create(layout)
    assert {path: path.read_bytes() for path in layout.keys.iterdir()} == made
    shown = _openssl("x509", "-in", str(layout.keys / "apiserver.crt"), "-noout", "-text")
    for address in ("10.213.0.1", "10.215.0.1", "127.0.0.1"):
        assert f"IP Address:{address}" in shown
    kubelet = _openssl("x509", "-in", str(layout.keys / "kubelet.crt"), "-noout", "-subject")
    assert "O = system:nodes, CN = system:node:caas-node" in kubelet
    for identity in pki.IDENTITIES:
        certificate = str(layout.keys / f"{identity.name}.crt")
        verified = _openssl("verify", "-CAfile", str(layout.keys / f"{identity.authority}.crt"), certificate)
        assert verified.strip().endswith(": OK"), identity.name


def test_a_certificate_of_an_authority_that_is_gone_is_made_anew(layout: Layout) -> None:
    pki.create(layout)
    before = {name: (layout.keys / name).read_bytes() for name in ("etcd.crt", "admin.crt")}
    (layout.keys / "etcd-ca.crt").unlink()
    pki.create(layout)
    assert (layout.keys / "etcd.crt").read_bytes() != before["etcd.crt"]
    assert (layout.keys / "admin.crt").read_bytes() == before["admin.crt"]


def test_the_kubeconfig_is_whole_and_closed(layout: Layout) -> None:
    pki.create(layout)
    document = YAML(typ="safe", pure=True).load(layout.kubeconfig)
    assert document["clusters"][0]["cluster"]["server"] == "https://10.213.0.1:16443"
    assert document["current-context"] == "caas-sandbox"
    key = base64.b64decode(document["users"][0]["user"]["client-key-data"])
    assert key == (layout.keys / "admin.key").read_bytes()
    assert layout.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_every_addon_names_its_image_by_what_it_is_given() -> None:
    names = (*addons.ADDONS, *addons.OPERATED)
    images = {name: f"registry/{name}@sha256:00" for name in (*names, "prometheus-config-reloader")}
    found = list(addons.manifests(images, names))
    deployments = {each["metadata"]["name"]: each for each in found if each["kind"] == "Deployment"}
    assert set(deployments) == set(names)
    for name, deployment in deployments.items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["image"] == images[name]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert deployment["metadata"]["namespace"] == {**addons.NAMESPACES, **addons.OPERATED}[name]


def test_the_ingress_listens_where_it_is_told() -> None:
    images = {name: name for name in addons.ADDONS}
    assert "--entryPoints.web.address=127.0.0.1:18080" in _traefik(list(addons.manifests(images)))
    assert "--entryPoints.web.address=:18080" in _traefik(list(addons.manifests(images, listen="")))


def test_prometheus_listens_where_the_ingress_does() -> None:
    images = {name: name for name in addons.ADDONS}
    assert "--web.listen-address=127.0.0.1:19090" in _args(list(addons.manifests(images)), "prometheus")
    assert "--web.listen-address=:19090" in _args(list(addons.manifests(images, listen="")), "prometheus")


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (("v1", "Namespace", None), "/api/v1/namespaces/x"),
        (("v1", "ConfigMap", "kube-system"), "/api/v1/namespaces/kube-system/configmaps/x"),
        (("apps/v1", "Deployment", "ingress"), "/apis/apps/v1/namespaces/ingress/deployments/x"),
        (("networking.k8s.io/v1", "IngressClass", None), "/apis/networking.k8s.io/v1/ingressclasses/x"),
        (("apiregistration.k8s.io/v1", "APIService", None), "/apis/apiregistration.k8s.io/v1/apiservices/x"),
    ],
)
def test_the_address_of_an_object(manifest: tuple[str, str, str | None], path: str) -> None:
    version, kind, namespace = manifest
    metadata = {"name": "x", **({"namespace": namespace} if namespace else {})}
    assert path_of({"apiVersion": version, "kind": kind, "metadata": metadata}) == path


def test_hierarchies_of_both_versions_are_found() -> None:
    mounts = (
        "30 24 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
        "31 30 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
        "32 30 0:29 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw\n"
        "33 24 0:30 / /home rw - ext4 /dev/vda rw\n"
    )
    assert cgroups.hierarchies(mounts) == (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/unified"))


def test_a_directory_of_somebody_else_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SandboxError, match=r"is not empty and is not a sandbox's\.\nSet CAAS_SANDBOX"):
        Layout(tmp_path).create("source")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_path_too_long_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="sockets below it would exceed 107 characters"):
        Layout(tmp_path / ("x" * 100)).create("source")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/run/caas", "/var/run/caas", "/var/log/caas"])
def test_a_place_that_containers_cannot_see_is_refused(place: str) -> None:
    with pytest.raises(SandboxError, match=f"{place} lies in .*, which the sandbox hides"):
        Layout(Path(place)).check()


def test_a_file_is_written_whole_and_closed(tmp_path: Path) -> None:
    place = write(tmp_path / "a" / "b", "text")
    assert place.read_text() == "text"
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["b"]


def test_a_link_is_moved_to_its_new_target(tmp_path: Path) -> None:
    link(Path("/one"), tmp_path / "bin" / "runc")
    link(Path("/two"), tmp_path / "bin" / "runc")
    assert (tmp_path / "bin" / "runc").readlink() == Path("/two")


def test_every_port_is_its_own() -> None:
    numbers = [value for name, value in vars(ports).items() if name.isupper() and isinstance(value, int)]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) == 19


def _traefik(found: list[dict[str, Any]]) -> list[str]:
    return _args(found, "traefik")


def _args(found: list[dict[str, Any]], name: str) -> list[str]:
    (deployment,) = (each for each in found if each["metadata"]["name"] == name and each["kind"] == "Deployment")
    return list(deployment["spec"]["template"]["spec"]["containers"][0]["args"])


def _openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout
