"""Keys and certificates of the cluster: one authority, one identity per component, made by openssl.

Elliptic keys, ten years, closed to other users. What is complete is kept; the rest is made anew.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox import ports
from sandbox.errors import SandboxError
from sandbox.source.layout import Layout, write

_DAYS = "3650"
NODE_NAME: Final = "caas-node"


@dataclass(frozen=True)
class Identity:
    """A certificate: who it names, and whether it serves under host names."""

    name: str
    user: str
    group: str | None = None
    hosts: tuple[str, ...] = ()
    """``DNS:name`` or ``IP:address``; empty: a client only."""

    authority: str = "ca"


API_SERVER = Identity(
    "apiserver",
    "kube-apiserver",
    hosts=(
        "DNS:kubernetes",
        "DNS:kubernetes.default",
        "DNS:kubernetes.default.svc",
        "DNS:kubernetes.default.svc.cluster.local",
        "DNS:localhost",
        f"IP:{ports.API_SERVICE_ADDRESS}",
        f"IP:{ports.NODE_ADDRESS}",
        f"IP:{ports.LOOPBACK}",
    ),
)
ETCD = Identity("etcd", "etcd", hosts=("DNS:localhost", f"IP:{ports.LOOPBACK}"), authority="etcd-ca")
KUBELET = Identity(
    "kubelet", f"system:node:{NODE_NAME}", "system:nodes", hosts=(f"DNS:{NODE_NAME}", f"IP:{ports.NODE_ADDRESS}")
)
ADMIN = Identity("admin", "caas-sandbox-admin", "system:masters")
_LOCAL = ("DNS:localhost", f"IP:{ports.LOOPBACK}")
CONTROLLER_MANAGER = Identity("controller-manager", "system:kube-controller-manager", hosts=_LOCAL)
SCHEDULER = Identity("scheduler", "system:kube-scheduler", hosts=_LOCAL)
PROXY = Identity("proxy", "system:kube-proxy")
IDENTITIES: Final = (
    API_SERVER,
    ETCD,
    KUBELET,
    ADMIN,
    CONTROLLER_MANAGER,
    SCHEDULER,
    PROXY,
    Identity("apiserver-etcd", "kube-apiserver", authority="etcd-ca"),
    Identity("apiserver-kubelet", "kube-apiserver", "system:masters"),
    Identity("front-proxy", "front-proxy-client", authority="front-proxy-ca"),
)
AUTHORITIES: Final = ("ca", "etcd-ca", "front-proxy-ca")
CLIENTS: Final = (CONTROLLER_MANAGER, SCHEDULER, KUBELET, PROXY)
"""Components that reach the API server through a kubeconfig of their own."""


def create(layout: Layout) -> None:
    """Make what is missing: authorities, certificates, the service accounts' key, kubeconfigs.

    Raises:
        SandboxError: openssl is missing or fails.
    """
    if shutil.which("openssl") is None:
        raise SandboxError("The sandbox makes its certificates with openssl, which is not installed. Install openssl.")
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda name: _authority(layout.keys, name), AUTHORITIES))
        list(pool.map(lambda identity: _certificate(layout.keys, identity), IDENTITIES))
    _key(layout.keys / "service-accounts.key")
    public = layout.keys / "service-accounts.pub"
    if not public.exists():
        text = _openssl("pkey", "-in", str(layout.keys / "service-accounts.key"), "-pubout")
        write(public, text)
    for identity in CLIENTS:
        write(layout.keys / f"{identity.name}.kubeconfig", kubeconfig(layout.keys, identity))
    write(layout.kubeconfig, kubeconfig(layout.keys, ADMIN))


def kubeconfig(keys: Path, identity: Identity) -> str:
    """A kubeconfig that carries its certificates within, so that it can be copied."""
    authority, certificate, key = (
        base64.b64encode((keys / name).read_bytes()).decode()
        for name in ("ca.crt", f"{identity.name}.crt", f"{identity.name}.key")
    )
    return (
        "apiVersion: v1\nkind: Config\ncurrent-context: caas-sandbox\n"
        "clusters:\n- name: caas-sandbox\n  cluster:\n"
        f"    server: https://{ports.NODE_ADDRESS}:{ports.API}\n    certificate-authority-data: {authority}\n"
        "contexts:\n- name: caas-sandbox\n  context:\n    cluster: caas-sandbox\n"
        f"    user: {identity.name}\n"
        f"users:\n- name: {identity.name}\n  user:\n"
        f"    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
    )


def _authority(keys: Path, name: str) -> None:
    certificate = keys / f"{name}.crt"
    if certificate.exists():
        return
    for made in keys.glob("*.crt"):
        if any(each.authority == name and made.stem == each.name for each in IDENTITIES):
            made.unlink()  # Signed by an authority that is gone.
    text = _openssl(
        *("req", "-x509", "-new", "-sha256", "-days", _DAYS, "-key", str(_key(keys / f"{name}.key"))),
        *("-subj", f"/CN=caas-sandbox-{name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"),
    )
    write(certificate, text)


def _certificate(keys: Path, identity: Identity) -> None:
    certificate = keys / f"{identity.name}.crt"
    if certificate.exists():
        return
    subject = (f"/O={identity.group}" if identity.group else "") + f"/CN={identity.user}"
    key = _key(keys / f"{identity.name}.key")
    request = _openssl("req", "-new", "-sha256", "-key", str(key), "-subj", subject)
    lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
    lines.append("extendedKeyUsage=clientAuth" + (",serverAuth" if identity.hosts else ""))
    if identity.hosts:
        lines.append("subjectAltName=" + ",".join(identity.hosts))
    extensions = write(keys / f"{identity.name}.extensions", "\n".join(lines) + "\n")
    text = _openssl(
        *("x509", "-req", "-sha256", "-days", _DAYS, "-extfile", str(extensions)),
        *("-CA", str(keys / f"{identity.authority}.crt"), "-CAkey", str(keys / f"{identity.authority}.key")),
        *("-set_serial", str(_serial())),
        given=request,
    )
    extensions.unlink()
    write(certificate, text)


def _serial() -> int:
    return secrets.randbits(127) + 1


def _key(path: Path) -> Path:
    if not path.exists():
        write(path, _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    return path


def _openssl(*arguments: str, given: str | None = None) -> str:
    outcome = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise SandboxError(f"openssl {arguments[0]} failed:\n  {outcome.stderr.strip()}")
    return outcome.stdout
