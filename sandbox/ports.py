"""Addresses and ports of the sandbox. They are fixed, so that state, tests and pipelines can rely on
them; a port that another program holds is an error that names it."""

from __future__ import annotations

from typing import Final

LOOPBACK: Final = "127.0.0.1"

NODE_ADDRESS: Final = "10.213.0.1"
"""The node's and the API server's address, on a link of the sandbox's own: it stays when the machine's
network changes, and pods reach it."""

POD_RANGE: Final = "10.214.0.0/24"
POD_GATEWAY: Final = "10.214.0.1/24"
SERVICE_RANGE: Final = "10.215.0.0/24"
DNS_ADDRESS: Final = "10.215.0.10"
API_SERVICE_ADDRESS: Final = "10.215.0.1"
WATCH_ADDRESS: Final = "10.215.0.11"
"""The service of the Prometheus that works out the rules of who asks for it. Of the range's first sixteen addresses, of
which the cluster gives none away by itself; only this machine reaches them."""
ALERTS_ADDRESS: Final = "10.215.0.12"
"""The service of the Alertmanager that hears of it."""

API: Final = 16443
ETCD: Final = 12379
ETCD_PEER: Final = 12380
ETCD_METRICS: Final = 12381
REGISTRY: Final = 15000
INGRESS_HTTP: Final = 18080
INGRESS_HTTPS: Final = 18444
INGRESS_ADMIN: Final = 18081
PROMETHEUS: Final = 19090
WATCH: Final = 9090
ALERTS: Final = 9093
ELASTICSEARCH: Final = 19200
ELASTICSEARCH_TRANSPORT: Final = 19300
CONTROLLER_MANAGER: Final = 20257
SCHEDULER: Final = 20259
KUBELET: Final = 20250
KUBELET_HEALTH: Final = 20248
PROXY_HEALTH: Final = 20256
PROXY_METRICS: Final = 20249
