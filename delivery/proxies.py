"""Calls go through the proxy that HTTPS_PROXY (HTTP_PROXY, ALL_PROXY) names, but for the hosts of NO_PROXY."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3


class Pools(urllib3.PoolManager):
    """Connections as the environment has them; takes what urllib3's own takes, and is used as that is.

    Where an answer leads to another host, that is asked directly or through the proxy as its own name asks for; what a
    proxy was asked for stays with the proxy.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._settings = settings
        self._proxies: dict[str, urllib3.ProxyManager] = {}

    def urlopen(  # type: ignore[override]  # as urllib3 itself overrides it
        self, method: str, url: str, redirect: bool = True, **kw: Any
    ) -> Any:
        """As urllib3's."""
        proxy = proxy_of(url)
        if proxy is None:
            return super().urlopen(method, url, redirect=redirect, **kw)
        if proxy not in self._proxies:
            self._proxies[proxy] = _manager(proxy, self._settings)
        return self._proxies[proxy].urlopen(method, url, redirect=redirect, **kw)


def proxy_of(url: str) -> str | None:
    """The proxy for an address; None where it is reached directly."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _manager(proxy: str, settings: dict[str, Any]) -> urllib3.ProxyManager:
    parts = urlsplit(proxy)
    credentials, _, host = parts.netloc.rpartition("@")
    headers = urllib3.make_headers(proxy_basic_auth=unquote(credentials)) if credentials else None
    return urllib3.ProxyManager(f"{parts.scheme}://{host}", proxy_headers=headers, **settings)
