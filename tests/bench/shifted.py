"""The operator with a clock that runs ahead: `python -m bench.shifted SECONDS FLAGS…`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import click

from syncpause import __main__ as command
from syncpause.settings import Settings


def main() -> None:
    """As `syncpause run`, so many seconds ahead of the wall clock."""
    ahead = timedelta(seconds=float(sys.argv.pop(1)))
    serve = command.serve

    def shifted(settings: Settings) -> object:
        return serve(settings, lambda: datetime.now(UTC) + ahead)

    command.serve = shifted  # type: ignore[assignment]
    assert isinstance(command.run, click.Command)
    command.run(sys.argv[1:])


if __name__ == "__main__":
    main()
