"""Options that the commands share, named and meant as kubectl's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from syncpause.cli.failure import Failure, failure_of
from syncpause.kube.access import Access
from syncpause.kube.client import Client, ConfigError, connect
from syncpause.kube.errors import ApiError

T = TypeVar("T")

MANAGER = "kubectl-syncpause"
"""Field manager of what a person writes, so that it can be told from what the operator writes."""
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster and namespace a command is about; an empty ``namespace`` means all of them.

    ``named`` is False where nobody said which namespace, and the context's own is meant.
    """

    kubeconfig: str
    context: str
    namespace: str
    named: bool = True

    @property
    def words(self) -> str:
        """As ``in namespace district-9``."""
        return f"in namespace {self.namespace}" if self.namespace else "in any namespace"

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Run ``work`` with a connected `Client`. Raises Failure, with a sentence for who asked."""
        return asyncio.run(self._run(work))

    async def _run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        try:
            async with await connect(
                kubeconfig=self.kubeconfig or None, context=self.context or None, manager=MANAGER
            ) as client:
                return await work(client)
        except ConfigError as error:
            raise Failure(str(error)) from None
        except ApiError as error:
            raise failure_of(error) from None


def cluster_options(*, all_namespaces: bool = True) -> Callable[[Command], Command]:
    """``--kubeconfig --context -n -A``; the command gets them as one argument ``where: Where``."""

    def decorate(command: Command) -> Command:
        options = [
            click.option("--kubeconfig", default="", help="Path of a kubeconfig. Default: as for kubectl."),
            click.option(
                "--context", default="", help="Context of the kubeconfig. Default: its current one."
            ),
            click.option("-n", "--namespace", default="", help="Namespace. Default: the context's own."),
        ]
        if all_namespaces:
            options.append(click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces."))
        decorated: Any = _gathered(command)
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _gathered(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def wrapper(
        *args: Any, kubeconfig: str, context: str, namespace: str, all_namespaces: bool = False, **rest: Any
    ) -> Any:
        if namespace and all_namespaces:
            raise click.UsageError("give either --namespace or --all-namespaces")
        named = bool(namespace) or all_namespaces
        where = Where(
            kubeconfig, context, namespace if named else namespace_of(kubeconfig, context), named=named
        )
        return command(*args, where=where, **rest)

    return wrapper


def namespace_of(kubeconfig: str, context: str) -> str:
    """The namespace that a context of the kubeconfig names."""
    return Access(kubeconfig or None, context or None).namespace()


def output_option(*choices: str) -> Callable[[Command], Command]:
    """``-o``: the first choice is the default. The command gets it as ``output``."""
    formats = choices or ("table", "json", "yaml")
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How the answer is written.",
    )
