"""Fixtures: the operator as it is installed, and a school with real pods for each test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kind import images
from kind.cluster import Kind, attach
from kind.figures import Figures
from kind.install import install, wait_ready
from kind.school import School


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option of `make e2e-kind`."""
    parser.addoption(
        "--write-figures", type=Path, metavar="PAGE", help="write what was measured, if all tests pass"
    )


@pytest.fixture(scope="session")
def cluster() -> Kind:
    """The cluster with the operator of this checkout."""
    found = attach()
    install(found, images.operator(found))
    wait_ready(found)
    return found


@pytest.fixture(scope="session")
def sample_image(cluster: Kind) -> str:
    """The image of the sample workloads, on every node."""
    return images.samples(cluster)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest, cluster: Kind) -> Iterator[Figures]:
    """What is measured: printed at the end, and written if asked for (--write-figures) and all passed."""
    kept = Figures()
    began = time.monotonic()
    yield kept
    print(kept.table())
    page: Path | None = request.config.getoption("--write-figures")
    if page and not request.session.testsfailed:
        nodes = cluster.get("nodes")["items"]
        version = nodes[0]["status"]["nodeInfo"]["kubeletVersion"]
        kept.write(page, time.monotonic() - began, version, len(nodes))


@pytest.fixture
def school(cluster: Kind, sample_image: str) -> Iterator[School]:
    """A namespace with a sync each minute and an ingest."""
    made = School(cluster, sample_image)
    yield made
    made.remove()
