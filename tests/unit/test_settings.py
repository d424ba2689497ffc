"""Settings that make no sense are refused with a sentence that names the flag."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from click.testing import CliRunner

from syncpause.__main__ import main
from syncpause.settings import Settings

FLOATS = [item for item in fields(Settings) if isinstance(item.default, float)]


def refused(*args: str, env: dict[str, str] | None = None) -> str:
    result = CliRunner().invoke(main, ["run", *args], env=env)
    assert result.exit_code == 2, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "NaN", "infinity"])
@pytest.mark.parametrize("setting", FLOATS, ids=lambda item: str(item.name))
def test_a_number_of_seconds_that_is_not_finite_is_refused(setting: Any, value: str) -> None:
    flag = f"--{setting.name.replace('_', '-')}"
    assert f"Invalid value for '{flag}'" in refused(flag, value)
    message = refused(env={f"SYNCPAUSE_{setting.name.upper()}": value})
    assert f"'{value}' is not a finite number of seconds." in message
    assert flag in message


@pytest.mark.parametrize("value", ["129.9", "1"])
def test_a_watch_timeout_that_would_end_healthy_watches_is_refused(value: str) -> None:
    message = refused("--watch-timeout", value)
    assert "Invalid value for '--watch-timeout'" in message
    assert message.endswith(
        f"{value} is less than 130 seconds: the API server may send nothing on a healthy watch for 120 s."
    )


def test_a_number_of_seconds_must_be_one() -> None:
    assert "'soon' is not a number of seconds." in refused("--drain-timeout", "soon")
    assert "0.0 is less than 0.1 seconds." in refused("--drain-timeout", "0.0")


def test_the_default_of_every_number_is_in_its_own_range() -> None:
    for item in fields(Settings):
        if isinstance(item.default, float | int) and not isinstance(item.default, bool):
            assert item.default >= item.metadata["least"], item.name
