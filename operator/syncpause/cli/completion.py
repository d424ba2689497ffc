"""Completion in the shell, with kubectl and without."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from syncpause.cli.main import COMPLETE_VARIABLE, main
from syncpause.cli.options import Where
from syncpause.cli.snapshot import Reader
from syncpause.kube.access import Access
from syncpause.kube.client import Client

PROGRAM = "kubectl-syncpause"
_SECONDS = 3.0
_NO_FILES, _FILES = ":4", ":0"
"""Cobra's directives: ShellCompDirectiveNoFileComp, and the default, which completes names of files."""


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that completes `kubectl-syncpause` in a shell.

    `kubectl syncpause` itself completes where kubectl does, with kubectl_complete-syncpause on the PATH,
    which is installed beside this plugin.
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(click.Group(), {}, PROGRAM, COMPLETE_VARIABLE).source())


def complete_school(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The schools of the namespace with this prefix; none where the cluster does not answer in time."""
    given = ctx.params
    try:
        access = Access(given.get("kubeconfig") or None, given.get("context") or None)
        own = access.namespace()
        where = Where(access, "" if given.get("all_namespaces") else given.get("namespace") or own)
        names = where.run(lambda client: asyncio.wait_for(_schools(client, where.namespace), _SECONDS))
    except (click.ClickException, TimeoutError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


async def _schools(client: Client, namespace: str) -> list[str]:
    return sorted({school.name for school in await Reader(client, namespace).schools()})


def complete() -> None:
    """The entry point ``kubectl_complete-syncpause``, which kubectl calls with the words typed so far.

    Prints one completion a line, each with its description after a tab, and the directive last.
    Source: kubectl's plugin completion (Kubernetes 1.26), and cobra's "Shell completions".
    """
    words = sys.argv[1:] or [""]
    items = ShellComplete(main, {}, PROGRAM, COMPLETE_VARIABLE).get_completions(words[:-1], words[-1])
    lines = [
        f"{item.value}\t{item.help}" if item.help else item.value for item in items if item.type == "plain"
    ]
    try:
        click.echo("\n".join([*lines, _FILES if _wants_file(items) else _NO_FILES]))
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python flushes it at the exit


def _wants_file(items: list[CompletionItem]) -> bool:
    kinds: set[Any] = {item.type for item in items}
    return bool(kinds & {"file", "dir"})
