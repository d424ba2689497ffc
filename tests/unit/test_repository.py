"""What contributors' tools read: make help, the hooks of pre-commit, and Renovate."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_help_lists_every_documented_target_below_a_heading() -> None:
    documented = re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE)
    printed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line.split()[1] for line in printed if line.startswith("  make ")] == documented
    headings = [line for line in printed if line in re.findall(r"^## (.+)$", MAKEFILE, re.MULTILINE)]
    assert len(headings) > 3


def test_hooks_of_pre_commit_run_targets_of_make() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    entries = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    targets = [entry.removeprefix("make ") for entry in entries if entry.startswith("make ")]
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_renovate_knows_every_lock() -> None:
    config = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    patterns = [pattern.strip("/") for pattern in config["pip_requirements"]["managerFilePatterns"]]
    locks = [str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.lock"), *ROOT.glob("tests/**/*.lock"))]
    assert len(locks) > 3
    assert [lock for lock in locks if not any(re.search(pattern, lock) for pattern in patterns)] == []
