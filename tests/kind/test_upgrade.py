"""An upgrade from the commit before: what is paused stays paused, and comes back exactly."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kind import images
from kind.cluster import ROOT, Kind
from kind.figures import Figures
from kind.install import install, wait_ready
from kind.school import LATER, School


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """A checkout of the commit before."""
    folder = tmp_path / "before"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", str(folder), "HEAD~1"], check=True, capture_output=True)
    yield folder
    subprocess.run([*git, "remove", "--force", str(folder)], check=True, capture_output=True)


def test_an_upgrade_resumes_nothing_and_loses_nothing(
    cluster: Kind, school: School, figures: Figures, before: Path
) -> None:
    install(cluster, images.operator(cluster, before), before)
    wait_ready(cluster)
    school.until_a_sync_runs()
    school.pause(60)
    install(cluster, images.operator(cluster))
    wait_ready(cluster)
    assert school.is_paused() is True
    school.policy(LATER)
    figures.add("upgraded while paused: both workloads as before", school.until_resumed(60))
    school.assert_nothing_began_while_paused()
