"""An error that no code handles ends the process with exit code 1, wherever it is raised."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from prometheus_client import REGISTRY
from stage import DEADLINE_SECONDS, Stage

from syncpause.__main__ import serve
from syncpause.controller.cache.policies import PolicyCache
from syncpause.controller.visibility import Visibility
from syncpause.settings import Settings


@pytest.fixture(autouse=True)
def excepthook() -> Iterator[None]:
    before = threading.excepthook
    yield
    threading.excepthook = before


def fail(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("a defect")


def count(origin: str) -> float:
    return REGISTRY.get_sample_value("syncpause_unhandled_errors_total", {"origin": origin}) or 0.0


async def test_an_error_in_a_callback_that_kopf_scheduled_ends_the_process(
    stage: Stage, operator_kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PolicyCache, "policy_event", fail)
    before = count("callback")
    stage.policy(windows=[])
    settings = Settings(kubeconfig=operator_kubeconfig, listen="", namespaces=stage.namespace)
    assert await asyncio.wait_for(serve(settings), DEADLINE_SECONDS) == 1
    assert count("callback") > before


async def test_an_error_in_a_task_of_the_operator_ends_the_process(
    stage: Stage, operator_kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visibility, "check", fail)
    settings = Settings(kubeconfig=operator_kubeconfig, listen="", namespaces=stage.namespace)
    assert await asyncio.wait_for(serve(settings), DEADLINE_SECONDS) == 1
