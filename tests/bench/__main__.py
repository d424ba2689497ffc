"""`python -m bench [--smoke] [--only STORY]`: the table with targets and verdicts."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
from rich.console import Console

from bench import fresh, growth, idle, load, midnight, start, transition
from bench.engine import drain
from bench.figures import Figure, Report
from bench.ground import FULL, SMOKE, Ground, ground

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/performance.md"
HEAD = """# Performance

`make bench` wrote this page ({days}, on {cores} cores, {machine}). etcd, API server, controllers and nodes
ran on the same cores. The raw client sends the same requests and does nothing else: it is the limit. The
figures of a ratio were measured in turn, in one run. A target fails the run only where the load of the
machine does not move the figure: for ratios and counts.

[Scaling](scaling.md) explains the figures, and the limits on a cluster of your own.

"""

Story = Callable[[Ground], Awaitable[None]]


async def _cron_jobs(on: Ground) -> None:
    workloads = on.size.workloads
    section = f"transition, {workloads:,} CronJobs"
    await transition.rounds(on, section, workloads)
    await transition.as_shipped(on, section)


async def _mixed(on: Ground) -> None:
    """A tenth of the workloads are Deployments for once."""
    schools = range(on.size.workloads // load.EACH)
    await load.remove(on.api, "cronjobs", schools, "school-{}-sync-9")
    await load.deployments(on.api, schools, 9)
    cron_jobs = on.size.workloads - len(schools)
    name = f"transition, {cron_jobs:,} CronJobs and {len(schools):,} Deployments"
    await transition.rounds(on, name, on.size.workloads)
    await load.remove(on.api, "deployments", schools, "school-{}-ingest-9")
    await load.cron_jobs(on.api, schools, range(9, 10))


STORIES: dict[str, Story] = {
    "transition": _cron_jobs,
    "start": start.cold,
    "failover": start.failover,
    "fresh": fresh.measure,
    "midnight": midnight.one_policy,
    "policies": midnight.many_policies,
    "idle": idle.nothing_happens,
    "churn": idle.nothing_for_us,
    "mixed": _mixed,
}
"""On the same workloads, in this order; then they grow in number."""
ALL = ("engine", *STORIES, "growth")


async def run(smoke: bool, only: set[str], report: Report) -> None:
    size = SMOKE if smoke else FULL
    if not only or "engine" in only:
        report.story = "engine"
        await drain(size.engine, report)
    if not only or only & STORIES.keys():
        async with ground(size, report) as on:
            await load.cron_jobs(on.api, range(size.workloads // load.EACH))
            for name, story in STORIES.items():
                if not only or name in only:
                    await _tell(name, story, on)
    if not only or "growth" in only:
        async with ground(size, report) as on:
            await _tell("growth", growth.grow, on)


async def _tell(name: str, story: Story, on: Ground) -> None:
    """Tell a story. One that fails ends a smoke run; a full run keeps an hour of others, and goes on."""
    on.report.story = name
    try:
        await story(on)
    except Exception:
        if on.size is SMOKE:
            raise
        traceback.print_exc()
        on.report.failed.append(name)


@click.command()
@click.option("--smoke", is_flag=True, help="A small size of everything, to see that it works; no verdicts.")
@click.option(
    "--only", multiple=True, type=click.Choice(ALL), help="This story alone; the others as they were."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), default=ROOT / "build/bench.json")
def main(smoke: bool, only: tuple[str, ...], json_file: Path) -> None:
    """Measure, print the table, and fail where a ratio or a count misses its target."""
    console = Console(width=200 if not sys.stdout.isatty() else None)

    def tell(figure: Figure) -> None:
        console.print(
            f"{figure.section}: {figure.name}: {figure.shown} {figure.target or ''} {figure.verdict}"
        )

    report = Report(tell)
    asyncio.run(run(smoke, set(only), report))
    report.show(console)
    missed = [] if smoke else report.missed
    report.keep(json_file, ALL)
    report.write_json(json_file)
    if not smoke and {each.story for each in report.figures} == set(ALL):
        days = " to ".join(sorted({each.day for each in report.figures}))
        head = HEAD.format(days=days, cores=os.cpu_count(), machine=platform.machine())
        PAGE.write_text(head + report.markdown() + "\n", encoding="utf-8")
    if report.failed:
        sys.exit(f"not measured, for it failed: {', '.join(report.failed)}")
    if missed:
        sys.exit(f"{len(missed)} targets missed: " + "; ".join(each.name for each in missed))


if __name__ == "__main__":
    main()
