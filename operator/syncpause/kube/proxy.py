"""Which proxy leads to a server, by the rules of golang.org/x/net/http/httpproxy, as kubectl."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proxy_from_environment(server: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The proxy for a server's URL, with a scheme; None where there is none or NO_PROXY exempts the server.

    The variable in upper case wins over the one in lower case. Loopback is never sent to a proxy.
    """
    where = urlsplit(server)
    found = _first(environment, f"{where.scheme}_proxy") if where.scheme in _PORTS else ""
    host = (where.hostname or "").lower()
    if not found or _exempt(host, where.port or _PORTS[where.scheme], _first(environment, "no_proxy")):
        return None
    return found if "://" in found else f"http://{found}"


def _first(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name) or ""


def _exempt(host: str, port: int, rules: str) -> bool:
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_matches(rule.strip().lower(), host, port, address) for rule in rules.split(","))


def _matches(rule: str, host: str, port: int, address: _Address | None) -> bool:
    if rule in ("", "*"):
        return rule == "*"
    if "/" in rule:
        return address is not None and _in_network(address, rule)
    name, wanted = _split(rule)
    if wanted not in ("", str(port)) or not name:
        return False
    exempted = _address(name)
    if exempted is not None or address is not None:
        return exempted == address
    name = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(name if name.startswith(".") else f".{name}") or host == name


def _split(rule: str) -> tuple[str, str]:
    """Host and port of a rule: ``[::1]:443``, ``::1``, ``example.com:443``."""
    if rule.startswith("["):
        name, _, port = rule[1:].partition("]")
        return name, port.removeprefix(":")
    if rule.count(":") == 1:
        name, port = rule.split(":")
        return name, port
    return rule, ""


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _in_network(address: _Address, rule: str) -> bool:
    try:
        return address in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
