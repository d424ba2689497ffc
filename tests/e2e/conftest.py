"""Fixtures of the tests that run the real process."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def ports(unused_tcp_port_factory: Callable[[], int]) -> Callable[[], int]:
    return unused_tcp_port_factory
