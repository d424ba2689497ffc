"""Fixtures of the chaos runs, their size and seed, and the table at the end."""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from chaos.api import Api
from chaos.observer import Observer
from chaos.operators import OperatorPool
from chaos.report import write
from chaos.results import Table
from chaos.stage import Stage
from controlplane.cluster import Cluster
from shipped import install

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("CHAOS") == "full"
TABLE = Table()
BEGAN = time.monotonic()


def size(full: int, sample: int) -> int:
    """How much is tried: all of it under `make chaos`, a sample in `make test`."""
    return full if FULL else sample


@pytest.fixture(scope="session")
def seed() -> int:
    """Give CHAOS_SEED to try the same again."""
    return int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="session")
def table(seed: int) -> Iterator[Table]:
    yield TABLE
    if FULL and TABLE.rows:
        write(ROOT / "docs/reliability.md", TABLE, seed, time.monotonic() - BEGAN)


@pytest.fixture(scope="session")
def observer(cluster: Cluster) -> Iterator[Observer]:
    watching = Observer(cluster)
    watching.start()
    yield watching
    watching.stop()


@pytest.fixture(scope="session")
def operators(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorPool]:
    install(cluster)
    path = os.pathsep.join(map(str, (ROOT / "operator", ROOT / "tests")))
    started = OperatorPool(tmp_path_factory.mktemp("operators"), path)
    yield started
    started.close()


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    async with Api(cluster) as connected:
        yield connected


@pytest.fixture
def stages() -> list[Stage]:
    """Every stage of a test."""
    return []


@pytest.fixture
async def make_stage(
    cluster: Cluster,
    api: Api,
    observer: Observer,
    *,
    operators: OperatorPool,
    stages: list[Stage],
    tmp_path: Path,
) -> AsyncIterator[Callable[[], Awaitable[Stage]]]:
    """Makes stages, for tests that play on several."""
    account = ("create", "token", "-n", "syncpause-system", "syncpause", "--duration=24h")
    token = cluster.kubectl(*account).strip()

    async def make() -> Stage:
        stages.append(Stage(cluster, api, observer, operators=operators, token=token, directory=tmp_path))
        return await stages[-1].open()

    yield make
    for each in stages:
        await each.close()


@pytest.fixture
async def stage(make_stage: Callable[[], Awaitable[Stage]]) -> Stage:
    return await make_stage()


@pytest.fixture
def record(stages: list[Stage], table: Table, seed: int) -> Callable[..., None]:
    """Notes what was tried, and fails where a promise was broken."""

    def give(area: str, fault: str, tried: int, figure: str = "") -> None:
        broken = [problem for stage in stages for problem in stage.broken()]
        table.note(area, fault, tried, broken, figure)
        assert not broken, f"{len(broken)} promises broken (CHAOS_SEED={seed}): " + "\n".join(broken[:5])

    return give


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test that failed before it could note its try shows in the table none the less."""
    if report.failed and "chaos/" in report.nodeid:
        TABLE.failed.append(report.nodeid.rpartition("::")[2])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TABLE.rows:
        terminalreporter.write_sep("=", "faults tried")
        terminalreporter.write_line(TABLE.markdown())
