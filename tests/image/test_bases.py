"""The image on other bases, and built twice. They derive from BASE."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from engine import engine, layers, make_image, run

from syncpause import __version__

BASE = os.environ.get("BASE") or "docker.io/library/python:3.13-slim-trixie"

BARE = f"""FROM {BASE}
RUN ["python3", "-c", "import glob, os, shutil; \\
[os.remove(f) for n in ('sh', 'bash', 'dash') for f in glob.glob('/usr/bin/' + n)]; \\
[shutil.rmtree(f) if os.path.isdir(f) else os.remove(f) for r in ('/usr', '/opt') \\
 for f in glob.glob(r + '/**/pip*', recursive=True) if os.path.lexists(f)]"]
"""
"""Python alone, as in a distroless image."""

DEBIAN = f"""FROM {BASE}
RUN test -e /usr/bin/python3 \\
    || {{ apt-get update && apt-get install -y --no-install-recommends python3-venv; }}
ENV PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
"""
"""Debian's own Python, which is externally managed and has no pip."""


@pytest.fixture
def built() -> Iterator[Callable[..., str]]:
    """Builds an image of this test's own, and removes it afterwards."""
    names: list[str] = []

    def build(**settings: str) -> str:
        names.append(f"localhost/syncpause-test:{os.getpid()}-{len(names)}")
        make_image(names[-1], **settings)
        return names[-1]

    yield build
    engine("rmi", "--force", *names)


@pytest.fixture
def base() -> Iterator[Callable[[str], str]]:
    """Builds a base image from a Containerfile's text, and removes it afterwards."""
    names: list[str] = []

    def build(text: str) -> str:
        names.append(f"localhost/syncpause-test-base:{os.getpid()}-{len(names)}")
        engine("build", "--tag", names[-1], "-", stdin=text)
        return names[-1]

    yield build
    engine("rmi", "--force", *names)


def test_two_builds_give_the_same_layers(built: Callable[..., str]) -> None:
    first, second = built(BUILD_FLAGS="--no-cache"), built(BUILD_FLAGS="--no-cache")
    assert layers(first) == layers(second)


def test_the_final_base_needs_no_shell_and_no_pip(
    built: Callable[..., str], base: Callable[[str], str]
) -> None:
    bare = base(BARE)
    with pytest.raises(AssertionError, match="sh"):
        run("-c", "true", image=bare, entrypoint="/bin/sh")
    with pytest.raises(AssertionError, match="pip"):
        run("-m", "pip", image=bare, entrypoint="python3")
    image = built(RUNTIME_BASE=bare)
    assert __version__ in run("--version", image=image)
    assert __version__ in run("--version", image=image, entrypoint="kubectl-syncpause")


def test_debians_own_python_builds_and_runs_it(built: Callable[..., str], base: Callable[[str], str]) -> None:
    image = built(BASE=base(DEBIAN))
    assert run("-c", "import sys; print(sys.prefix)", image=image, entrypoint="python3") == "/usr"
    assert __version__ in run("--version", image=image)
