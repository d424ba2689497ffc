"""Output: tables and trees for people, JSON and YAML for programs.

Everything that a command prints goes through this module, which spells out control characters: names, reasons
and messages come from tenants and servers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click
import yaml
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from syncpause.kube.printable import is_printable, printable

PIPE_WIDTH = 100_000
"""Output into a pipe is never wrapped or cut: the next program needs whole lines."""

STATE_STYLES = {
    "Paused": "blue",
    "Pausing": "yellow",
    "Resuming": "yellow",
    "Syncing": "green",
    "Exempt": "magenta",
    "Mixed": "yellow",
}
"""The colour of each state, the same in every command."""


class _PrintableConsole(Console):
    """Spells out control characters in each piece of text, which rich writes as they are."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            safe = segment.control or is_printable(segment.text, keep="\n")
            yield segment if safe else Segment(printable(segment.text, keep="\n"), segment.style)


def console() -> Console:
    """The console on stdout. rich omits colour for NO_COLOR, TERM=dumb and pipes."""
    terminal = sys.stdout.isatty()
    return _PrintableConsole(
        width=None if terminal else PIPE_WIDTH, highlight=False, markup=False, emoji=False
    )


def table(*headers: str) -> Table:
    """A table like kubectl's: no lines, three spaces between columns."""
    return Table(*headers, box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="")


def state_text(state: str) -> Text:
    """A state in its colour."""
    return Text(state, STATE_STYLES.get(state, ""))


def write_structured(value: Any, output: str) -> None:
    """Print a JSON-like value as ``json`` or ``yaml``."""
    if output == "json":
        text = json.dumps(value, indent=2, ensure_ascii=False)
        safe = is_printable(text, keep="\n")
        click.echo(text if safe else json.dumps(value, indent=2))
    else:
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        safe = is_printable(text, keep="\n")
        click.echo(text if safe else yaml.safe_dump(value, sort_keys=False), nl=False)


def echo(text: str, *, err: bool = False) -> None:
    """Print lines of text on stdout or stderr."""
    click.echo(printable(text, keep="\n"), err=err)


def confirm(question: str, *, err: bool = False) -> None:
    """Ask, and end the command unless the answer is yes."""
    click.confirm(printable(question), abort=True, err=err)


def warn(sentence: str) -> None:
    """Print a warning on stderr."""
    click.secho(printable(f"warning: {sentence}"), err=True, fg="yellow")
