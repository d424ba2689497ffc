"""The messages that a user sees before a control plane is built."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane import BuildError, build, toolchain, versions


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
    assert {lock.name for lock in locks} == {
        "toolchain.lock",
        "requirements.lock",
        "requirements-build.lock",
        "requirements-dev.lock",
    }
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


def test_the_newest_minor_is_used_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(versions.VARIABLE, raising=False)
    assert versions.chosen() == versions.supported()[-1]
    assert versions.chosen().module == versions.HERE


def test_each_pinned_minor_has_binaries_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    minors = [str(release) for release in versions.supported()]
    assert minors[0] == "1.34"
    keys = set()
    for minor in minors:
        monkeypatch.setenv(versions.VARIABLE, minor)
        release = versions.chosen()
        assert str(release) == minor
        assert (release.module / "go.sum").is_file()
        keys.add(build._key(toolchain.choose(), release))
    assert len(keys) == len(minors)


def test_a_minor_that_is_not_pinned_is_refused_with_the_list_of_those_that_are() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "controlplane", "minor"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env={**os.environ, versions.VARIABLE: "1.12"},
    )
    assert refused.returncode == 1
    listed = ", ".join(str(release) for release in versions.supported())
    assert refused.stderr == f"SYNCPAUSE_K8S=1.12 is no supported Kubernetes minor; use one of {listed}\n"
