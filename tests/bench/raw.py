"""The limit: a bare aiohttp client that sends the operator's own writes as fast as it can.

`python -m bench.raw KUBECONFIG pause|resume|statuses AT_ONCE` reads what it is to write first, and knows
nothing else: no watch, no policy. Prints what it did as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

CRON, DEPLOY = "/apis/batch/v1/cronjobs", "/apis/apps/v1/deployments"
LINES = "/apis/syncpause.dev/v1alpha1/schoolsyncs"
QUERY = {"fieldManager": "syncpause"}
CONFLICT = 409
MARKS = {
    "syncpause.dev/missed-runs": "Skip",
    "syncpause.dev/paused-by": "cspp/bench",
    "syncpause.dev/paused-at": "2026-01-01T05:00:00Z",
}
KEPT = {
    CRON: {
        "syncpause.dev/restore-suspend": "false",
        "syncpause.dev/restore-starting-deadline-seconds": "600",
    },
    DEPLOY: {"syncpause.dev/restore-replicas": "1"},
}
SPECS: dict[tuple[str, str], dict[str, Any]] = {
    (CRON, "pause"): {"suspend": True, "startingDeadlineSeconds": 0},
    (CRON, "resume"): {"suspend": False, "startingDeadlineSeconds": 600},
    (DEPLOY, "pause"): {"replicas": 0},
    (DEPLOY, "resume"): {"replicas": 1},
}


def patch_of(kind: str, what: str, version: str) -> bytes:
    """What the operator sends for the same change."""
    annotations: dict[str, Any] = {**MARKS, **KEPT[kind]}
    labels: dict[str, Any] = {"syncpause.dev/state": "paused"}
    if what == "resume":
        annotations, labels = dict.fromkeys(annotations), dict.fromkeys(labels)
    metadata = {"resourceVersion": version, "annotations": annotations, "labels": labels}
    return json.dumps({"metadata": metadata, "spec": SPECS[kind, what]}).encode()


def status_of(version: str) -> bytes:
    """Under Skip the last schedule time is moved before a CronJob is resumed."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps(
        {"metadata": {"resourceVersion": version}, "status": {"lastScheduleTime": stamp}}
    ).encode()


def path_of(kind: str, meta: dict[str, Any]) -> str:
    """Where an object of a collection lives."""
    group, plural = kind.rsplit("/", 1)
    return f"{group}/namespaces/{meta['namespace']}/{plural}/{meta['name']}"


def session_of(config: dict[str, Any]) -> aiohttp.ClientSession:
    """Connections as the operator's ServiceAccount."""
    server = config["clusters"][0]["cluster"]
    tls = ssl.create_default_context(cafile=server["certificate-authority"])
    headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    return aiohttp.ClientSession(server["server"], connector=connector, headers=headers)


async def put_statuses(config: dict[str, Any], at_once: int) -> dict[str, float]:
    """Write every school's status anew, with another reason."""
    async with session_of(config) as session:
        found = await _list(session, LINES)
        left = iter(found)

        async def worker() -> None:
            for line in left:
                line["status"]["reason"] = f"written at {time.time()}"
                meta = {
                    name: line["metadata"][name] for name in ("namespace", "name", "uid", "resourceVersion")
                }
                path = f"{path_of(LINES, meta)}/status"
                async with session.put(path, json={**line, "metadata": meta}, params=QUERY) as answer:
                    answer.raise_for_status()
                    await answer.read()

        return {**await _timed(worker, at_once), "sent": len(found)}


async def patch_all(config: dict[str, Any], what: str, at_once: int) -> dict[str, float]:
    """Patch every workload that carries the school label."""
    async with session_of(config) as session:
        found = [(kind, item["metadata"]) for kind in (DEPLOY, CRON) for item in await _list(session, kind)]
        left = iter(found)
        sent = 0

        async def send(path: str, body: bytes) -> Any:
            nonlocal sent
            sent += 1
            merge = {"Content-Type": "application/merge-patch+json"}
            async with session.patch(path, data=body, headers=merge, params=QUERY) as answer:
                text = await answer.read()
                if answer.status != CONFLICT:
                    answer.raise_for_status()
                    return text
            return await again(path, body)

        async def again(path: str, body: bytes) -> Any:
            """A Deployment's controller has written since it was listed."""
            async with session.get(path.removesuffix("/status")) as answer:
                found = await answer.json()
            patch = json.loads(body)
            patch["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
            return await send(path, json.dumps(patch).encode())

        async def worker() -> None:
            for kind, meta in left:
                path = path_of(kind, meta)
                version = meta["resourceVersion"]
                if what == "resume" and kind == CRON:
                    answer = await send(f"{path}/status", status_of(version))
                    version = json.loads(answer)["metadata"]["resourceVersion"]
                await send(path, patch_of(kind, what, version))

        return {**await _timed(worker, at_once), "sent": sent}


async def _timed(worker: Callable[[], Awaitable[None]], at_once: int) -> dict[str, float]:
    began, used = time.monotonic(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return {"seconds": time.monotonic() - began, "cpu": time.process_time() - used}


async def _list(session: aiohttp.ClientSession, kind: str) -> list[Any]:
    found: list[Any] = []
    token = ""
    while True:
        query = {"labelSelector": "syncpause.dev/school", "limit": "1000", "continue": token}
        async with session.get(kind, params=query) as answer:
            page = await answer.json()
        found += page["items"]
        token = page["metadata"].get("continue", "")
        if not token:
            return found


async def run(kubeconfig: Path, what: str, at_once: int) -> dict[str, float]:
    """In a process of its own, as the operator is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.raw",
        str(kubeconfig),
        what,
        str(at_once),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the raw client ended with {process.returncode}")
    found: dict[str, float] = json.loads(out)
    return found


if __name__ == "__main__":
    config, what, at_once = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], int(sys.argv[3])
    work = put_statuses(config, at_once) if what == "statuses" else patch_all(config, what, at_once)
    print(json.dumps(asyncio.run(work)))
