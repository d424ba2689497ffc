"""`make kind` on a machine where something is missing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kind import tools


def test_without_a_container_engine_one_sentence_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.MissingTool) as caught:
        tools.engine()
    sentence = str(caught.value)
    assert "docker is not installed; podman is not installed" in sentence
    assert "`make demo` needs none" in sentence
    assert "\n" not in sentence


def test_an_engine_that_does_not_answer_is_named_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho Cannot connect to the Docker daemon >&2; exit 1\n")
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        tools.MissingTool, match="docker does not answer: Cannot connect to the Docker daemon"
    ):
        tools.engine()


def test_kind_from_the_path_is_used_before_any_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "kind"
    own.write_text("#!/bin/sh\n")
    own.chmod(own.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.kind() == own
