"""What a person meets before there is a control plane."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane import BuildError, build, toolchain


def test_a_folder_without_all_binaries_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etcd").touch()
    monkeypatch.setenv(build.BIN_VARIABLE, str(tmp_path))
    with pytest.raises(BuildError, match=r"has no kube-scheduler, kubectl, .*kwok; add them or unset"):
        build.ready()


def test_the_go_of_the_lock_is_taken_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    toolchain.choose.cache_clear()
    try:
        chosen = toolchain.choose()
    finally:
        toolchain.choose.cache_clear()
    assert chosen.go is None
    assert re.fullmatch(r"1\.26\.\d+", chosen.version)


def test_no_lock_names_the_address_of_an_index() -> None:
    locks = [toolchain.LOCK, *Path(__file__).parents[2].glob("*.lock")]
    assert len(locks) == 3
    for lock in locks:
        assert not re.search(r"https?:|--(extra-)?index-url|--find-links", lock.read_text()), lock


def test_a_second_run_says_that_it_waits_and_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from controlplane import build, progress\n"
        "with build._lock(pathlib.Path(sys.argv[1]), progress.Progress()): print('mine')"
    )
    path = tmp_path / ".lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        assert second.stderr is not None
        assert "another run is building the control plane; waiting" in second.stderr.readline()
    output, _ = second.communicate(timeout=30)
    assert output == "mine\n"
