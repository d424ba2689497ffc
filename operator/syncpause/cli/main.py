"""``kubectl syncpause``: the plugin. Each command has a module, which is imported when it is called."""

from __future__ import annotations

import io
import sys
from importlib import import_module

import click

from syncpause import __version__

COMMANDS = {
    "status": "Show schools, their applications and workloads: state, start, end and reason.",
    "calendar": "Draw a year with a bar for each school, as text or SVG.",
    "explain": "Explain why a workload or a school is paused or not, and what changes next.",
    "preview": "Show what would pause and resume if policies were applied. Writes nothing.",
    "validate": "Check policies in files by the API server's rules, offline.",
    "exempt": "Let a school, or some of its applications, sync through a pause until a day.",
    "unexempt": "Remove the exemptions of a school from its own policy.",
    "set-dates": "Give a school its own first and last day of the pause.",
    "release": "Restore paused workloads from their own annotations.",
    "completion": "Print the script that completes this plugin in a shell.",
}
"""The help of each command, in order. The module of a command has the command's name."""


class LazyGroup(click.Group):
    """Imports the module of a command when the command is called, so that help and completion are fast."""

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
"""The variable that the shells' scripts set. Click's default has the space of the program's name in it."""


@click.group(
    cls=LazyGroup,
    name="kubectl syncpause",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="kubectl syncpause")
def main() -> None:
    """Show and change when schools' roster syncs are paused.

    Reads and writes with your own rights. Exit codes: 0 done; 1 the answer is no; 2 wrong usage;
    3 the cluster cannot be reached, refuses the request, or has no such object.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding, such as latin-1, lacks characters that names and bars have.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run() -> None:
    """The entry point ``kubectl-syncpause``."""
    main(prog_name="kubectl syncpause", complete_var=COMPLETE_VARIABLE)
