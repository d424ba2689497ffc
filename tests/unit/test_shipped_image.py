"""What the repository says of the image: one tag everywhere, and what `make image` needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from syncpause import __version__

ROOT = Path(__file__).parents[2]
BUILD = [sys.executable, str(ROOT / "image" / "build.py")]


def test_the_manifests_name_the_image_of_this_version() -> None:
    (image,) = yaml.safe_load((ROOT / "manifests/base/kustomization.yaml").read_text())["images"]
    built = subprocess.run(
        [*BUILD, "--name"], capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    )
    assert f"{image['newName']}:{image['newTag']}" == built.stdout.strip()
    assert image["newTag"] == __version__


def test_an_image_loaded_into_a_node_is_not_pulled() -> None:
    deployment = yaml.safe_load((ROOT / "manifests/base/deployment.yaml").read_text())
    containers = deployment["spec"]["template"]["spec"]["containers"]
    assert [container["imagePullPolicy"] for container in containers] == ["IfNotPresent"]


def test_nothing_shipped_names_an_image_without_a_version() -> None:
    files = [
        ROOT / "README.md",
        ROOT / "Containerfile",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("manifests/**/*.yaml"),
    ]
    found = [str(file) for file in files if re.search(r":latest\b|newTag: latest", file.read_text())]
    assert not found


def test_readme_and_guides_install_this_version() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/how-to/*.md")]
    named = {tag for page in pages for tag in re.findall(r"/syncpause:([\w.-]+)", page.read_text())}
    assert named == {__version__}


def test_make_image_names_each_engine_that_is_missing(tmp_path: Path) -> None:
    answer = subprocess.run(BUILD, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    for engine in ("docker", "podman", "buildah"):
        assert f"{engine} is not installed" in answer.stderr
    assert "make demo" in answer.stderr


def test_make_image_reports_why_an_engine_does_not_work(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho Cannot connect to the daemon >&2\nexit 1\n")
    docker.chmod(0o755)
    answer = subprocess.run(BUILD, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
    assert answer.returncode == 1
    assert "docker does not work: Cannot connect to the daemon" in answer.stderr
