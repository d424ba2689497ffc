"""The control plane for every test that asks for one, and what is said when there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from controlplane.cluster import Cluster

CRDS = Path(__file__).parents[1] / "crds"
MISSING = "CONTROL PLANE MISSING"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real control plane with our CRDs, shared by the whole session. Each test keeps to names of its own.

    Without one, its tests fail in CI (`CI` is set) and are skipped elsewhere, with a loud line at the end.
    """
    from controlplane.cluster import start  # noqa: PLC0415 - unit tests need none of it
    from controlplane.failure import BuildError, ClusterError  # noqa: PLC0415

    try:
        started = start()
    except (BuildError, ClusterError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"the control plane is required in CI: {error}", pytrace=False)
        pytest.skip(f"{MISSING}: {error}")
    with started:
        started.kubectl("apply", "--server-side", *(f"--filename={path}" for path in crd_paths()))
        started.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        yield started


def crd_paths() -> list[Path]:
    return sorted(CRDS.glob("syncpause.dev_*.yaml"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if MISSING in str(report.longrepr)]
    if missed:
        sentence = f"{MISSING}: {len(missed)} integration tests did not run"
        terminalreporter.write_sep("!", sentence, red=True, bold=True)
