"""Writing answers: tables and trees for people, JSON and YAML for programs."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 100_000
"""What goes into a pipe is never wrapped or cut: the next program wants whole lines."""

STATE_STYLES = {
    "Paused": "blue",
    "Pausing": "yellow",
    "Resuming": "yellow",
    "Syncing": "green",
    "Exempt": "magenta",
    "Mixed": "yellow",
}
"""The colour of each state, the same in every command."""


def console() -> Console:
    """Where people's answers go. rich leaves colour out for NO_COLOR, TERM=dumb and pipes."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else PIPE_WIDTH, highlight=False, markup=False, emoji=False)


def table(*headers: str) -> Table:
    """A table as kubectl's: no lines, three spaces between columns."""
    return Table(*headers, box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="")


def state_text(state: str) -> Text:
    """A state in its colour."""
    return Text(state, STATE_STYLES.get(state, ""))


def write_structured(value: Any, output: str) -> None:
    """Print a JSON-like value as ``json`` or ``yaml``."""
    if output == "json":
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), nl=False)


def warn(sentence: str) -> None:
    """Tell something beside the answer, on stderr."""
    click.secho(f"warning: {sentence}", err=True, fg="yellow")
