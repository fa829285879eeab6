"""Links, routes, kernel settings and firewall tables of the sandbox.

A link that is ours says so itself, by its hardware address, which it has from the moment that it
exists: a start that is killed and a lost directory leave nothing in doubt.
Kernel settings that the cluster's programs change are written down first and put back by ``down``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from sandbox import ports
from sandbox.errors import SandboxError
from sandbox.source.layout import Layout, Tools, write

NODE_LINK: Final = "caas-node0"
BRIDGE: Final = "caas0"
HARDWARE: Final = {NODE_LINK: "02:ca:a5:5b:00:01", BRIDGE: "02:ca:a5:5b:00:02"}
"""Locally administered addresses that no card and no other program gives."""

TABLES: Final = (("ip", "kube-proxy"), ("ip6", "kube-proxy"))

WATCHED: Final = (
    # The kubelet sets these to what it likes.
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    # kube-proxy sets these.
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_buckets",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "net/ipv4/conf/all/route_localnet",
    # Nothing of the sandbox sets these: the bridge has settings of its own, which go with it.
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/bridge/bridge-nf-call-iptables",
)
_SYSCTL = Path("/proc/sys")


def check(tools: Tools) -> None:
    """Refuse to start where somebody else already has what the sandbox would make.

    Raises:
        SandboxError: a link or firewall table of the same name that is not ours, or no ``ip``.
    """
    if shutil.which("ip") is None:
        raise SandboxError("The sandbox makes network links with `ip`, which is not installed. Install iproute2.")
    for link in (NODE_LINK, BRIDGE):
        if exists(link) and not ours(link):
            raise SandboxError(
                f"This machine has a network link {link} that the sandbox did not make.\n"
                f"Rename it, or remove it with `ip link delete {link}`."
            )
    if not ours(NODE_LINK) and (found := tables(tools)):
        raise SandboxError(
            f"This machine has the nftables table `{' '.join(found[0])}`, which is another kube-proxy's.\n"
            f"Stop that one; if it is gone, remove the table with `nft delete table {' '.join(found[0])}`."
        )


def create(layout: Layout) -> None:
    """Write down the kernel's settings, then make the links.

    Raises:
        SandboxError: a link cannot be made (no rights), or the kernel cannot filter on bridges.
    """
    _remember(layout)
    for link in (NODE_LINK, BRIDGE):
        if not ours(link):
            # Both are bridges: not every kernel that runs containers has dummy links.
            _ip("link", "add", "name", link, "address", HARDWARE[link], "type", "bridge")
    _ip("address", "replace", f"{ports.NODE_ADDRESS}/32", "dev", NODE_LINK)
    _ip("link", "set", NODE_LINK, "up")
    _ip("address", "replace", ports.POD_GATEWAY, "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    # Services are reached from this machine without a default route too.
    _ip("route", "replace", ports.SERVICE_RANGE, "dev", NODE_LINK, "src", ports.NODE_ADDRESS)
    _let_pods_talk()


def remove(layout: Layout, tools: Tools | None) -> None:
    """Remove tables and links that are ours, and put the kernel's settings back.

    Args:
        layout: where the settings were written down.
        tools: holds ``nft``; None when the toolchain is gone.

    Raises:
        SandboxError: the tables remain and there is no ``nft`` to remove them with.
    """
    if ours(NODE_LINK):
        remove_tables(tools)
    if ours(BRIDGE):
        _remove_pods()
    for link in (BRIDGE, NODE_LINK):
        if ours(link):
            _ip("link", "delete", link)
    _restore(layout)


def _remove_pods() -> None:
    """Remove the pods' links, whose other ends were in namespaces that have ended.

    The kernel does that too, some time after a namespace's end: a machine must not look changed until then.
    """
    for link in sorted(os.listdir(f"/sys/class/net/{BRIDGE}/brif")):
        try:
            _ip("link", "delete", link)
        except SandboxError:
            # The kernel was quicker.
            if exists(link):
                raise


def ours(link: str) -> bool:
    """Whether this link was made by the sandbox."""
    address = Path("/sys/class/net", link, "address")
    return address.exists() and address.read_text().strip() == HARDWARE[link]


def exists(link: str) -> bool:
    """Whether there is a link of this name."""
    return Path("/sys/class/net", link).exists()


def tables(tools: Tools) -> list[tuple[str, str]]:
    """kube-proxy's tables in the kernel."""
    listing = _run(str(tools.tool("nft")), "--json", "list", "tables")
    entries = [entry["table"] for entry in json.loads(listing)["nftables"] if "table" in entry]
    present = {(entry["family"], entry["name"]) for entry in entries}
    return [table for table in TABLES if table in present]


def remove_tables(tools: Tools | None) -> None:
    """Remove kube-proxy's tables; its next start builds them from nothing.

    Raises:
        SandboxError: they are there, and ``nft`` is nowhere.
    """
    if tools is None:
        found = shutil.which("nft")
        if found is None:
            raise SandboxError(
                "kube-proxy's nftables tables are to be removed and neither the toolchain nor the machine has `nft`.\n"
                "Run `make up` and then `make down`, or install nftables."
            )
        tools = _Path(Path(found))
    for family, name in tables(tools):
        _run(str(tools.tool("nft")), "delete", "table", family, name)


class _Path:
    """The machine's own ``nft`` in the place of the toolchain's."""

    def __init__(self, found: Path) -> None:
        self._found = found

    def tool(self, name: str) -> Path:
        """The one tool that there is."""
        return self._found.with_name(name)


def _remember(layout: Layout) -> None:
    saved = layout.state / "sysctl.json"
    if saved.exists():
        return
    found = {name: (_SYSCTL / name).read_text().strip() for name in WATCHED if (_SYSCTL / name).exists()}
    write(saved, json.dumps(found, indent=1))


def _restore(layout: Layout) -> None:
    saved = layout.state / "sysctl.json"
    if not saved.exists():
        return
    for name, value in json.loads(saved.read_text(encoding="utf-8")).items():
        _set(name, value)
    saved.unlink()


def _set(name: str, value: str) -> None:
    path = _SYSCTL / name
    # Gone with its kernel module, it needs no putting back.
    if path.exists() and path.read_text().strip() != value:
        path.write_text(value)


def _let_pods_talk() -> None:
    """Forward what comes from pods, and let service addresses hold between pods of the bridge too."""
    (_SYSCTL / "net/ipv4/conf" / BRIDGE / "forwarding").write_text("1")
    filtering = Path("/sys/class/net", BRIDGE, "bridge", "nf_call_iptables")
    if not filtering.exists() and shutil.which("modprobe"):
        subprocess.run(["modprobe", "br_netfilter"], capture_output=True, check=False)
    if not filtering.exists():
        raise SandboxError(
            "This kernel does not filter on bridges, which service addresses need between pods.\n"
            "Load its module: `modprobe br_netfilter`."
        )
    filtering.write_text("1")


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        raise SandboxError(
            f"`{' '.join(command)}` failed: {outcome.stderr.strip()}\nThe sandbox needs root to make network links."
        )
    return outcome.stdout
