"""Every Job and pod that a namespace ever had, including deleted ones."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from kind.cluster import Kind

Object = dict[str, Any]
RESOURCES = ("jobs", "pods")


class Observer:
    """Two `kubectl get --watch` of one namespace, and what they printed."""

    def __init__(self, cluster: Kind, namespace: str) -> None:
        self._seen: dict[str, Object] = {}
        self._watches = {resource: _watch(cluster, namespace, resource) for resource in RESOURCES}
        for process in self._watches.values():
            assert process.stdout
            threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def created_between(self, begin: datetime, end: datetime) -> list[str]:
        """Jobs, and pods that belong to no Job, that were created from `begin` until before `end`.

        A pod of a Job may come later than its Job, for instance after an eviction.
        Raises AssertionError if a watch has ended: then there may be objects that nobody saw.
        """
        ended = [resource for resource, process in self._watches.items() if process.poll() is not None]
        assert not ended, f"kubectl no longer watches {ended}"
        return [
            f"{item['kind']} {item['metadata']['name']} at {item['metadata']['creationTimestamp']}"
            for item in list(self._seen.values())
            if begin <= datetime.fromisoformat(item["metadata"]["creationTimestamp"]) < end
            if item["kind"] == "Job" or "batch.kubernetes.io/job-name" not in item["metadata"]["labels"]
        ]

    def stop(self) -> None:
        """End both watches."""
        for process in self._watches.values():
            process.kill()
            process.wait()

    def _read(self, stream: IO[str]) -> None:
        for event in documents(stream):
            item = event["object"]
            self._seen[item["metadata"]["uid"]] = item


def _watch(cluster: Kind, namespace: str, resource: str) -> subprocess.Popen[str]:
    command = [str(cluster.kubectl_path), "get", resource, "--namespace", namespace]
    command += ["--watch", "--output-watch-events", "--output=json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=cluster.environment)


def documents(stream: IO[str]) -> Iterator[Object]:
    """The objects that kubectl prints, one after another and indented: a brace in column 1 ends each."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if line.rstrip() == "}" and not line.startswith(" "):
            yield json.loads("".join(lines))
            lines.clear()
