"""Generated objects that are odd, huge or hostile: they neither crash nor stall it, nor fill its memory."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable
from typing import Any

from chaos.api import Object, Refused, collection
from chaos.conftest import size
from chaos.stage import ALWAYS, OWNER, POD, Stage, until

SCHOOL = "syncpause.dev/school"
ODD = [
    "",
    "\u202eabc",
    "日本語",
    "a" * 63,
    "ümläut",
    "\n\nfake: yaml",
    "${jndi:x}",
    "'; drop--",
    "\U0001f600",
    "-",
    "0",
    "null",
]
SCHEDULES = [
    "* * * * *",
    "0 3 29 2 *",
    "@yearly",
    "61 * * * *",
    "",
    "*/0 * * * *",
    "TZ=Mars/X 0 0 * * *",
    "0 0 31 2 *",
]
RESTORE = ["true", "false", "none", "-1", "9" * 30, "1e9", "٣", "0x10", " 5", "[]", "{}"]
AT_ONCE = 16


def text(chance: random.Random) -> str:
    return chance.choice([*ODD, "".join(chance.choices(string.printable, k=chance.randrange(200)))])


def label(chance: random.Random) -> str:
    alphabet = string.ascii_letters + string.digits
    return "".join(chance.choices(alphabet, k=chance.choice([1, 8, 63])))


def annotations(chance: random.Random) -> dict[str, str]:
    """Ours with nonsense in them, a stranger's, and now and then as much as the API server takes."""
    found = {
        "syncpause.dev/restore-suspend": chance.choice(RESTORE),
        "syncpause.dev/restore-starting-deadline-seconds": chance.choice(RESTORE),
        "syncpause.dev/restore-replicas": chance.choice(RESTORE),
        "syncpause.dev/missed-runs": text(chance),
        "syncpause.dev/paused-at": text(chance),
        "syncpause.dev/paused-by": text(chance),
        "syncpause.dev/exempt": text(chance),
        "kubectl.kubernetes.io/last-applied-configuration": text(chance),
    }
    some = {name: value for name, value in found.items() if chance.random() < 0.3}
    if chance.random() < 0.01:
        some["example.com/huge"] = "x" * chance.choice([100_000, 250_000, 1_048_000])
    return some


def cron_job(chance: random.Random, name: str) -> tuple[str, Object]:
    labels = {SCHOOL: label(chance), "syncpause.dev/application": label(chance)}
    if chance.random() < 0.2:
        labels["syncpause.dev/state"] = chance.choice(["paused", "x"])
    spec = {
        "schedule": chance.choice(SCHEDULES),
        "suspend": chance.choice([True, False]),
        "startingDeadlineSeconds": chance.choice([None, 0, 1, 2**31 - 1, 2**40]),
        "jobTemplate": {"spec": {"template": {"spec": POD}}},
    }
    metadata = {"name": name, "labels": labels, "annotations": annotations(chance)}
    return "cronjobs", {"metadata": metadata, "spec": spec}


def deployment(chance: random.Random, name: str) -> tuple[str, Object]:
    pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": POD["containers"]}}
    spec = {
        "replicas": chance.choice([0, 0, 0, 1]),
        "selector": {"matchLabels": {"app": name}},
        "template": pod,
    }
    metadata = {"name": name, "labels": {SCHOOL: label(chance)}, "annotations": annotations(chance)}
    return "deployments", {"metadata": metadata, "spec": spec}


def policy(chance: random.Random, name: str) -> tuple[str, Object]:
    """Deep selectors, many windows, text wherever text is taken."""
    terms = [
        {
            "key": f"k{n}",
            "operator": chance.choice(["In", "NotIn", "Exists", "Huh"]),
            "values": [label(chance)] * 9,
        }
        for n in range(chance.randrange(64))
    ]
    windows = [
        {
            "name": f"w{n}",
            "firstDay": chance.choice(["01-01", "02-29", "2027-01-01", text(chance)]),
            "lastDay": "12-31",
        }
        for n in range(chance.randrange(40))
    ]
    exemption = {"name": "e", "schools": [label(chance)], "reason": text(chance)}
    spec: dict[str, Any] = {
        "timeZone": chance.choice(["UTC", "Mars/Olympus", text(chance)]),
        "schools": [label(chance) for _ in range(chance.randrange(300))],
        "selector": {"matchExpressions": terms},
        "windows": windows,
        "exemptions": [exemption] * chance.randrange(3),
    }
    kept = {field: value for field, value in spec.items() if field == "timeZone" or chance.random() < 0.5}
    body = {"apiVersion": "syncpause.dev/v1alpha1", "kind": "SyncPausePolicy", "metadata": {"name": name}}
    return "syncpausepolicies", {**body, "spec": kept}


async def flood(stage: Stage, chance: random.Random, count: int) -> int:
    """Send so many objects; how many the API server took."""
    makers = [cron_job] * 6 + [deployment] * 2 + [policy] * 2
    numbers = iter(range(count))
    taken = 0

    async def some() -> None:
        nonlocal taken
        for number in numbers:
            kind, body = chance.choice(makers)(chance, f"odd-{number}")
            try:
                await stage.api.create(collection(kind, stage.namespace), body, OWNER)
                taken += 1
            except Refused:
                continue

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return taken


async def clear(stage: Stage) -> None:
    for kind in ("syncpausepolicies", "cronjobs", "deployments"):
        await stage.api.delete(collection(kind, stage.namespace))
    await until(lambda: not stage.observer.of("cronjobs", stage.namespace), "all gone")
    await until(lambda: not stage.observer.of("deployments", stage.namespace), "all gone")


async def test_generated_objects(stage: Stage, seed: int, record: Callable[..., None]) -> None:
    chance = random.Random(seed)
    child = stage.operator()
    await until(lambda: "synced and leading" in child.output, "synced")
    count, memory, taken = size(5000, 150), [], 0
    for _ in range(2):
        taken += await flood(stage, chance, count)
        await stage.sync("plain", "plain", schedule="0 3 29 2 *", startingDeadlineSeconds=77)
        await stage.policy(ALWAYS, "plain", schools=["plain"])
        await until(
            lambda: len(stage.workloads()) == 1 and stage.all_paused(), "a plain one is paused all the same"
        )
        await stage.policy([], "plain", schools=["plain"])
        await stage.back()
        assert child.alive, child.output[-2000:]
        await clear(stage)
        memory.append(child.resident_kib())
    stage.observer.violations.clear()  # what says "paused" from birth was never paused
    assert memory[1] < memory[0] * 1.25, f"it grew: {memory} KiB"
    held = f"{memory[0] // 1024} MiB after half of them, {memory[1] // 1024} MiB at the end"
    figure = f"{taken:,} taken by the API server; {held}"
    record("bad input", "generated objects", 2 * count, figure)
