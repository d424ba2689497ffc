"""The options that the commands share, with kubectl's names and meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import click

from syncpause.cli.failure import Failure, failure_of, no_kind
from syncpause.kube.access import Access
from syncpause.kube.client import Client, ConfigError, connect
from syncpause.kube.errors import ApiError

T = TypeVar("T")

MANAGER = "kubectl-syncpause"
"""The field manager of what a person writes, to distinguish it from what the operator writes."""
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """The cluster and namespace of a command; an empty ``namespace`` means all of them.

    ``named`` is False where no option names the namespace, and it is the context's own.
    """

    access: Access = field(repr=False)
    namespace: str
    named: bool = True

    @property
    def words(self) -> str:
        """As ``in namespace district-9``."""
        return f"in namespace {self.namespace}" if self.namespace else "in any namespace"

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Run ``work`` with a connected `Client`. Raises Failure."""
        return asyncio.run(self._run(work))

    async def _run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        try:
            async with await connect(access=self.access, manager=MANAGER) as client:
                try:
                    return await work(client)
                except ApiError as error:
                    raise await _failure(client, error) from None
        except ConfigError as error:
            raise Failure(str(error)) from None


async def _failure(client: Client, error: ApiError) -> Failure:
    """The failure; where a path does not exist, whether the server or its definitions are the cause."""
    if not no_kind(error):
        return failure_of(error)
    try:
        await client.get("/version")
    except ApiError:
        return Failure(
            f"{client.server} is not a Kubernetes API server: correct the server in the kubeconfig"
        )
    return Failure(f"{client.server} does not know the kinds of syncpause.dev: kubectl apply -f crds/ first")


def cluster_options(*, all_namespaces: bool = True) -> Callable[[Command], Command]:
    """``--kubeconfig --context -n -A``; the command receives them as one argument ``where: Where``."""

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
        access = Access(kubeconfig or None, context or None)
        own = access.namespace()
        if all_namespaces:
            own = ""
        where = Where(access, namespace or own, named=named)
        return command(*args, where=where, **rest)

    return wrapper


def output_option(*choices: str) -> Callable[[Command], Command]:
    """``-o``: the first choice is the default. The command receives it as ``output``."""
    formats = choices or ("table", "json", "yaml")
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )
