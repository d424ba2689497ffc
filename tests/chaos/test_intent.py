"""What people and tools do around a window's edges: nothing runs in it, and everything comes back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from chaos.api import collection
from chaos.conftest import size
from chaos.intents import play
from chaos.results import Table
from chaos.stage import ALWAYS, NEVER, Stage, until


async def test_generated_sequences_through_caches_and_decisions(seed: int, table: Table) -> None:
    count = size(20_000, 500)
    with structlog.testing.capture_logs():
        wrong = [f"sequence {each}: {found}" for each in range(seed, seed + count) for found in play(each)]
    table.note("intent", "sequences of edits and mistakes, through caches and decisions", count, wrong)
    assert not wrong, "\n".join(wrong[:5])


async def test_tools_delete_and_apply_in_mid_window(
    stage: Stage, seed: int, record: Callable[..., None]
) -> None:
    """On the real control plane, also with an operator that is killed between the two."""
    chance, name = random.Random(seed), "summer"
    await stage.schools(2, syncs=2)
    child = stage.operator(deletion_grace=30.0)
    await stage.pause()
    before = _generations(stage)
    count = size(40, 4)
    for _ in range(count):
        policies = collection("syncpausepolicies", stage.namespace)
        if chance.random() < 0.3:
            await stage.owner_wants("cronjobs", "sync-0-0", suspend=False)
        await stage.api.delete(f"{policies}/{name}")
        if chance.random() < 0.3:
            child.kill()
            child = stage.operator(deletion_grace=30.0)
        await asyncio.sleep(chance.random() * 3)
        name = chance.choice(["summer", "renamed"])
        await stage.policy(ALWAYS, name)
        await until(stage.all_paused, "everything is paused")
        if _generations(stage) != before:
            stage.observer.violations.append(f"an ingest was started: {_generations(stage)}, not {before}")
    await until(lambda: "synced and leading" in child.output, "an operator leads")
    stage.observer.closing(stage.namespace)
    await stage.policy(NEVER, name)
    await stage.back()
    record("intent", "policy deleted, and applied again within 3 s", count)


def _generations(stage: Stage) -> dict[str, int]:
    """How often the spec of each ingest was written."""
    found = stage.observer.of("deployments", stage.namespace)
    return {name: item["metadata"]["generation"] for name, item in found.items()}
