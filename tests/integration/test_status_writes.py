"""Identical status is not written again; nothing is written at all when nothing changes."""

from __future__ import annotations

import asyncio

from stage import RunningOperator, Stage, eventually

SPRING = [{"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}]


async def test_an_idle_minute_writes_nothing(stage: Stage, operator: RunningOperator) -> None:
    stage.sync()
    stage.ingest()
    stage.policy(windows=SPRING)
    stage.policy("dry", windows=SPRING, mode="DryRun")
    name = stage.cluster_policy("default", windows=SPRING)
    await eventually(lambda: stage.condition("Paused").get("status") == "True", "Paused")
    await eventually(lambda: stage.condition("Ready", f"cspp/{name}").get("status") == "True", "Ready")
    await eventually(lambda: stage.condition("Ready", "spp/dry").get("status") == "True", "Ready")

    def versions() -> list[str]:
        found = [
            stage.get(what)["metadata"]["resourceVersion"]
            for what in ("spp/summer", "spp/dry", f"cspp/{name}")
        ]
        found += [
            stage.get(what)["metadata"]["resourceVersion"]
            for what in ("cronjob/rosters", "deployment/ingest")
        ]
        return found

    await eventually(lambda: stage.items("pods") == [], "no pod left")
    before = versions()
    await asyncio.sleep(60)  # the minute is what is tested; policies are compared twelve times in it
    assert versions() == before
