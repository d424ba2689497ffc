"""A first midnight that comes by itself: how late the first write is, for one policy and for a thousand."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bench import load
from bench.figures import at_most
from bench.ground import UNBOUND, Ground
from bench.transition import lateness
from chaos.api import collection

SECTION = "midnight"
ZONE = ZoneInfo(load.SUMMER["timeZone"])


async def one_policy(ground: Ground) -> None:
    """Everybody's default."""
    late = [
        await _night(ground, lambda windows: load.policy(ground.api, windows))
        for _ in range(ground.size.rounds)
    ]
    shown = ", ".join(f"{each * 1e3:.0f}" for each in late)
    name = f"one policy, {ground.size.workloads:,} workloads: late"
    ground.report.add(SECTION, name, statistics.median(late) * 1e3, "ms", target=at_most(100), note=shown)


async def many_policies(ground: Ground) -> None:
    """Each school has its own dates, and they are the same."""
    count = ground.size.policies

    async def write(windows: list[dict[str, str]]) -> None:
        await load.together(_apply(ground, school, windows) for school in range(count))

    late = await _night(ground, write)
    ground.report.add(SECTION, f"{count:,} policies: late", late * 1e3, "ms", target=at_most(100))
    await load.together(ground.api.delete(f"{_path(school)}/school-{school}") for school in range(count))
    async with ground.operator(*UNBOUND):
        await ground.rest()


async def _night(ground: Ground, write: Any) -> float:
    """Seconds from the window's first instant to the first write; everything syncs again afterwards."""
    now, soon = datetime.now(UTC), ground.size.soon_seconds
    tomorrow = (now + timedelta(days=1)).astimezone(ZONE).date()
    opens = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZONE)
    await write([{"name": "tomorrow", "firstDay": tomorrow.isoformat(), "lastDay": tomorrow.isoformat()}])
    ahead = (opens - datetime.now(UTC)).total_seconds() - soon
    async with ground.operator(*UNBOUND, ahead=ahead):
        audit = ground.audit()
        await audit.quiet(soon)
        late = lateness(audit.read(), opens.timestamp() - ahead)
        await write([])
        await ground.rest()
    return late


async def _apply(ground: Ground, school: int, windows: list[dict[str, str]]) -> None:
    body = {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "SyncPausePolicy",
        "metadata": {"name": f"school-{school}"},
        "spec": {**load.SUMMER, "schools": [f"school-{school}"], "windows": windows},
    }
    await ground.api.apply(f"{_path(school)}/school-{school}", body, "bench")


def _path(school: int) -> str:
    return collection("syncpausepolicies", load.namespace_of(school))
