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

RELIABILITY = Path(__file__).parents[2] / "docs" / "reliability.md"


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
def figures() -> Iterator[Figures]:
    """What was measured; printed at the end, and written to docs/reliability.md."""
    kept = Figures()
    began = time.monotonic()
    yield kept
    kept.write(RELIABILITY, time.monotonic() - began)
    print(kept.table())


@pytest.fixture
def school(cluster: Kind, sample_image: str) -> Iterator[School]:
    """A namespace with a sync each minute and an ingest."""
    made = School(cluster, sample_image)
    yield made
    made.remove()
