"""``calendar``: a year as a picture, with a bar for each school."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from syncpause.cli.completion import complete_school
from syncpause.cli.dates import DayType
from syncpause.cli.failure import WrongInput
from syncpause.cli.options import Where, cluster_options, output_option
from syncpause.cli.output import console, echo, write_structured
from syncpause.cli.snapshot import Snapshot, no_school, take
from syncpause.cli.year_svg import draw
from syncpause.cli.year_view import LOOKS, Row, cell_of, cells, describe_year, months, rows
from syncpause.domain.preview.year import DayState, SchoolYear, year_of

MOST_ROWS = 40
PIPE_COLUMNS = 100
_LEAST_CELLS, _MOST_CELLS = 12, 366
_NAME_WIDTH = 24


@click.command()
@click.argument("school", default="", shell_complete=complete_school)
@click.option("--year", type=click.IntRange(2000, 2999), help="The year to draw. Default: this year.")
@click.option("--today", type=DayType(), help="The day to mark. Default: today.")
@click.option("--svg", metavar="FILE", default="", help="Write an SVG to this file, or to stdout with -.")
@click.option("--all", "everything", is_flag=True, help="Draw a bar for each school, however many there are.")
@cluster_options()
@output_option()
def calendar(
    school: str,
    *,
    year: int | None,
    today: str | None,
    svg: str,
    everything: bool,
    where: Where,
    output: str,
) -> None:
    """Draw the year: when each school is paused or exempt by its current policies."""
    now = date.fromisoformat(today) if today else datetime.now().astimezone().date()
    snapshot = take(where)
    years = _years(snapshot, school, year or now.year, where)
    found = rows(years, len(years) if everything else MOST_ROWS)
    if svg:
        _write(svg, draw(found, year or now.year, now))
    elif output != "table":
        write_structured([_structured(item) for item in years], output)
    elif not years:
        echo(no_school(where))
    else:
        _show(console(), found, year or now.year, now)


def _years(snapshot: Snapshot, school: str, year: int, where: Where) -> list[SchoolYear]:
    wanted = snapshot.find_schools(school, where)
    return [year_of(snapshot.policy_set, snapshot.of_school(item), year) for item in wanted]


def _write(where: str, picture: str) -> None:
    if where == "-":
        echo(picture.removesuffix("\n"))
        return
    try:
        Path(where).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise WrongInput(f"--svg {where} cannot be written: {error.strerror}; name another file") from None
    echo(f"wrote {where}", err=True)


def _show(out: Console, found: Sequence[Row], year: int, today: date) -> None:
    columns = out.width if out.is_terminal else PIPE_COLUMNS
    name = min(_NAME_WIDTH, max(len(row.title) for row in found), max(8, columns // 3))
    width = max(_LEAST_CELLS, min(_MOST_CELLS, columns - name - 3))
    for namespace, group in groupby(found, key=lambda row: row.year.namespace):
        out.print(Text(f"{namespace}, {year}", "bold"))
        out.print(Text(" " * (name + 2) + _header(year, width)), overflow="crop", no_wrap=True)
        for row in group:
            _show_row(out, row, name, width)
    if today.year == year:
        out.print(Text(f"{' ' * (name + 2 + cell_of(today, width))}▲ today, {today}", "red"), no_wrap=True)
    out.print(_legend(found))


def _show_row(out: Console, row: Row, name: int, width: int) -> None:
    title = row.title if len(row.title) <= name else f"{row.title[: name - 1]}…"
    bar = Text(f"{title:<{name}}  ")
    for state in cells(row.year, width):
        bar.append(LOOKS[state].character, LOOKS[state].style)
    out.print(bar, no_wrap=True, overflow="crop")
    for sentence in describe_year(row.year):
        out.print(Padding(Text(sentence, "dim"), (0, 0, 0, name + 2), expand=False))


def _header(year: int, width: int) -> str:
    """The names of the months that fit."""
    line = [" "] * (width + 3)
    free = 0
    for day, name in months(year):
        cell = cell_of(day, width)
        if cell >= free:
            line[cell : cell + 3] = name
            free = cell + 4
    return "".join(line).rstrip()


def _legend(found: Sequence[Row]) -> Text:
    shown = {run.day.state for row in found for run in row.year.runs}
    text = Text()
    for state in reversed(DayState):
        if state in shown:
            text.append(LOOKS[state].character, LOOKS[state].style)
            text.append(f" {state}   ")
    return text


def _structured(year: SchoolYear) -> dict[str, Any]:
    return {
        "namespace": year.namespace,
        "school": year.school,
        "timeZone": year.zone.key,
        "runs": [
            {
                "firstDay": run.first_day.isoformat(),
                "lastDay": run.last_day.isoformat(),
                "state": str(run.day.state),
                "policy": run.day.policy,
                "window": run.day.window,
                "exempt": run.day.exempt,
            }
            for run in year.runs
        ],
    }
