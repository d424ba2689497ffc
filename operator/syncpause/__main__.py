"""The command: ``syncpause run | crds | release``."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click
import structlog

from syncpause import __version__, memory
from syncpause.cli.release import release
from syncpause.controller.clock import Clock, wall_clock
from syncpause.settings import ENV_PREFIX, Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="syncpause")
def main() -> None:
    """Pauses roster syncs while schools rebuild their student information system."""


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """One option per field of Settings, with its environment variable."""
    for item in reversed(fields(Settings)):
        flag = f"--{item.name.replace('_', '-')}"
        boolean = isinstance(item.default, bool)
        command = click.option(
            f"{flag}/--no-{flag[2:]}" if boolean else flag,
            item.name,
            default=item.default,
            envvar=f"{ENV_PREFIX}_{item.name.upper()}",
            show_envvar=True,
            show_default=item.default != "",
            type=_type_of(item),
            help=item.metadata["help"],
        )(command)
    return command


def _type_of(item: Field[Any]) -> click.ParamType[Any] | None:
    if item.metadata["choices"]:
        return click.Choice(item.metadata["choices"])
    if isinstance(item.default, bool | str):
        return None
    least, why = item.metadata["least"], item.metadata["why"]
    return click.IntRange(min=least) if isinstance(item.default, int) else _Seconds(least, why)


class _Seconds(click.FloatRange):
    """A finite number of seconds; NaN passes every comparison, and a wait for infinity never ends."""

    def __init__(self, least: float, why: str) -> None:
        super().__init__(min=least)
        self._why = why

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a finite number of seconds.", param, ctx)
        if self.min is not None and seconds < self.min:
            reason = f": {self._why}" if self._why else ""
            self.fail(f"{value} is less than {self.min:g} seconds{reason}.", param, ctx)
        return seconds


@main.command()
@_settings_options
def run(**options: Any) -> None:
    """Run the operator until SIGTERM or Ctrl-C."""
    from syncpause.logs import configure  # noqa: PLC0415 - `--help` must not wait for kopf

    settings = Settings(**options)
    configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(serve(settings)))


async def serve(settings: Settings, clock: Clock = wall_clock) -> int:
    """Run the operator until a signal ends it; returns the exit code."""
    from syncpause.controller import health  # noqa: PLC0415
    from syncpause.controller.leadership import LeadLost  # noqa: PLC0415
    from syncpause.controller.operator import Operator  # noqa: PLC0415
    from syncpause.handlers import Watcher, watches  # noqa: PLC0415
    from syncpause.kube.client import ConfigError, connect  # noqa: PLC0415
    from syncpause.unhandled import UnhandledErrors  # noqa: PLC0415

    memory.bound_tls_buffers()
    unhandled = UnhandledErrors()
    unhandled.install()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        client = await connect(
            kubeconfig=settings.kubeconfig or None,
            context=settings.context or None,
            request_timeout=settings.request_timeout,
            connections=2 * settings.workers,
        )
    except ConfigError as error:
        click.echo(f"syncpause: {error}", err=True)
        return 1
    async with client:
        states = watches(settings)
        operator = Operator(client, settings, clock, list(states.values()))
        watcher = Watcher(operator.context.policies, client, settings, states)
        try:
            runner = await health.serve(operator, settings.listen) if settings.listen else None
        except (ValueError, OSError) as error:
            click.echo(
                f"syncpause: --listen {settings.listen}: {error}. --listen '' switches it off", err=True
            )
            return 1
        try:
            await operator.run(stop, watcher.run(), memory.give_back(), unhandled.ended())
        except LeadLost as error:
            click.echo(f"syncpause: {error}", err=True)
            return 1
        except Exception:
            structlog.get_logger().exception("a defect of the operator: it ends")
            return 1
        finally:
            if runner:
                await runner.cleanup()
    return 0


@main.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Write them to this folder.")
@click.option(
    "--check",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Compare with this folder; exit with 1 where they differ.",
)
def crds(output: Path | None, check: Path | None) -> None:
    """Print the CustomResourceDefinitions, made from the models."""
    from syncpause.api.crd import crd_files  # noqa: PLC0415

    files = crd_files()
    if output:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8")
    elif check:
        stale = [name for name, text in files.items() if not _same(check / name, text)]
        if stale:
            raise click.ClickException(f"{', '.join(stale)} differ from the models: run make generate")
    else:
        click.echo("---\n".join(files.values()), nl=False)


main.add_command(release)


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
