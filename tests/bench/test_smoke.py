"""The bench itself works, at a small size. No time is judged here; what is counted is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.__main__ import STORIES
from controlplane.cluster import Cluster

ROOT = Path(__file__).parents[2]


def test_every_story_is_told(cluster: Cluster, tmp_path: Path) -> None:
    del cluster  # it says that there are binaries; the bench has a cluster of its own
    figures = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke", "--json", str(figures)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(figures.read_text())
    sections = {figure["section"].split(",")[0].split(" for ")[0] for figure in told}
    assert len(sections) >= len(STORIES)
    counted = {figure["name"]: figure["value"] for figure in told}
    assert counted["requests beyond watches and lease"] == 0
    writes = next(figure["note"] for figure in told if figure["name"] == "resume: every status, more time")
    assert "200 patch cronjobs, 200 patch cronjobs/status" in writes
    assert "20 update schoolsyncs/status" in writes
