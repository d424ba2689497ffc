"""Asks the API server for its verdict on an object, over one connection: a dry run takes about 2 ms."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from policies.table import Kind
from syncpause.api.names import GROUP, VERSION

CREATED = 201
REFUSED = frozenset({400, 422})


@dataclass(frozen=True)
class Verdict:
    """What the API server answered: the object as it would be stored, or why not."""

    accepted: bool
    body: dict[str, Any]

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))

    @property
    def causes(self) -> list[tuple[str, str]]:
        """Field and sentence of each fault. A strict decoding error has none, only its message."""
        causes = self.body.get("details", {}).get("causes", [])
        return [(cause.get("field", ""), cause["message"]) for cause in causes]


class ApiServer:
    """A session with the API server of a kubeconfig, under strict field validation."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._headers = {"Authorization": f"Bearer {user['token']}", "Content-Type": "application/json"}
        address = urlsplit(cluster["server"])
        self._connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, context=_trust(cluster), timeout=30
        )

    def try_to_create(self, kind: Kind, manifest: dict[str, Any]) -> Verdict:
        """The verdict on a create that is not carried out. Raises AssertionError on any other answer."""
        namespace = f"/namespaces/{manifest['metadata']['namespace']}" if kind.NAMESPACED else ""
        path = f"/apis/{GROUP}/{VERSION}{namespace}/{kind.PLURAL}?dryRun=All&fieldValidation=Strict"
        self._connection.request("POST", path, json.dumps(manifest), self._headers)
        response = self._connection.getresponse()
        body = json.loads(response.read())
        assert response.status == CREATED or response.status in REFUSED, body
        return Verdict(response.status == CREATED, body)

    def close(self) -> None:
        self._connection.close()


def _trust(cluster: dict[str, Any]) -> ssl.SSLContext:
    data = cluster.get("certificate-authority-data")
    authority = base64.b64decode(data).decode() if data else None
    return ssl.create_default_context(cafile=cluster.get("certificate-authority"), cadata=authority)
