"""Log lines stay lines, whatever names and reasons hold, and tell no secrets."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from syncpause.logs import KOPF_THREAD, configure

ATTACK = "summer\n2027-07-01 [error    ] all is lost \x1b[31m\u202e"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_text_keeps_every_message_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info")
    structlog.get_logger().warning(f"policy {ATTACK}", policy=ATTACK)
    logging.getLogger("kopf.x").error("cannot read %s", ATTACK)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("\\n2027" in line and "\x1b" not in line and "\u202e" not in line for line in lines)


def test_names_of_people_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info")
    structlog.get_logger().info("Schüler 日本 ✓")
    assert "Schüler 日本 ✓" in capsys.readouterr().err


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    structlog.get_logger().warning(ATTACK)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == ATTACK


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_local_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(form, "info")
    token = "eyJhbGciOi"
    try:
        raise ValueError("a defect" if token else "")
    except ValueError:
        structlog.get_logger().exception("it ends")
    shown = capsys.readouterr().err
    assert "ValueError: a defect" in shown
    assert token not in shown.replace('token = "eyJhbGciOi"', "")


def test_what_kopf_fails_at_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info")
    try:
        raise OSError("no route")
    except OSError as error:
        logging.getLogger("kopf._cogs").exception("watcher failed: %s", error)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("level", "lines"), [("info", 1), ("warning", 0)])
def test_what_kopf_tries_again_is_no_error_yet(
    level: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json", level)
    error = "APITooManyRequestsError('storage is (re)initializing', {'kind': 'Status'}, status=429)"
    logging.getLogger("kopf.clients").error(
        f"Request attempt #1/9 failed; will retry: GET https://host/apis -> {error}"
    )
    told = capsys.readouterr().err.splitlines()
    assert len(told) == lines
    for line in told:
        found = json.loads(line)
        assert found["level"] == "info"
        assert found["event"].endswith(
            "GET https://host/apis: APITooManyRequestsError('storage is (re)initializing')"
        )


def test_a_watch_that_kopf_lets_go_of_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    """asyncio tells of the generator that it closes, with a traceback that ends in kopf's own code."""
    configure("text", "info")

    def tell(message: str) -> None:
        try:
            raise RuntimeError("generator didn't stop after athrow()")
        except RuntimeError as error:
            logging.getLogger("asyncio").error(message, exc_info=error)

    for message in ("an error occurred during closing of asynchronous generator x", "a task has failed"):
        thread = threading.Thread(target=tell, args=(message,), name=KOPF_THREAD)
        thread.start()
        thread.join()
    told = capsys.readouterr().err
    assert "generator" not in told
    assert "a task has failed" in told
    tell("ours is a defect")
    assert "RuntimeError: generator didn't stop" in capsys.readouterr().err
