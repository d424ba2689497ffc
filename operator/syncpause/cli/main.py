"""``kubectl syncpause``: the plugin. Each command is a module of its own, imported when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from syncpause import __version__

COMMANDS = {
    "status": "Show schools, their applications and workloads: state, since, until, why.",
    "calendar": "Draw the year: a bar for each school, windows and exemptions, as text or SVG.",
    "explain": "Say why a workload or a school is paused or not, and what comes next.",
    "preview": "Show what would pause and resume if policies were applied. Changes nothing.",
    "validate": "Check policies in files as the API server would, without one.",
    "exempt": "Let a school, or some of its applications, sync through a pause until a day.",
    "unexempt": "Take the exemptions of a school out of its own policy.",
    "set-dates": "Give a school its own first and last day of the pause.",
    "release": "Put paused workloads back from their own annotations.",
    "completion": "Print the script that completes this plugin in a shell.",
}
"""Name and one line of help of each command, in the order of the help; its module has the same name."""


class LazyGroup(click.Group):
    """Imports a command's module only when the command is called, so that help and completion are quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = f"syncpause.cli.{cmd_name.replace('-', '_')}", cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


COMPLETE_VARIABLE = "_KUBECTL_SYNCPAUSE_COMPLETE"
"""What the shells' scripts set. Click would derive it from the program's name, with the space in it."""


@click.group(
    cls=LazyGroup,
    name="kubectl syncpause",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="kubectl syncpause")
def main() -> None:
    """See and steer the pausing of schools' roster syncs.

    Reads and writes with your own rights. Exit codes: 0 done; 1 the answer is no; 2 wrong usage;
    3 the cluster cannot be reached, refuses, or has no such object.
    """


def run() -> None:
    """The entry point ``kubectl-syncpause``."""
    main(prog_name="kubectl syncpause", complete_var=COMPLETE_VARIABLE)
