"""``status``: each school, its applications and its workloads, as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import click
from rich.text import Text
from rich.tree import Tree

from syncpause.api.school import NO_APPLICATION, ApplicationStatus, SchoolStatus
from syncpause.cli.completion import complete_school
from syncpause.cli.options import Where, cluster_options, output_option
from syncpause.cli.output import console, state_text, write_structured
from syncpause.cli.snapshot import Reader, Snapshot, no_school, take
from syncpause.cli.wording import as_json, describe
from syncpause.domain.school import School
from syncpause.domain.workload import Workload


@click.command()
@click.argument("school", default="", shell_complete=complete_school)
@cluster_options()
@output_option()
def status(school: str, *, where: Where, output: str) -> None:
    """Show schools, their applications and workloads: state, since when, until when, and why."""
    snapshot = take(where, Reader.dashboard)
    schools = snapshot.find_schools(school, where)
    if output != "table":
        write_structured([_structured(snapshot, item) for item in schools], output)
    elif not schools:
        click.echo(no_school(where))
    else:
        _show(snapshot, schools)


def _show(snapshot: Snapshot, schools: Sequence[School]) -> None:
    out = console()
    for namespace, group in groupby(schools, key=lambda item: item.namespace):
        tree = Tree(Text(namespace, "bold"))
        for school in group:
            _add_school(tree, snapshot, school)
        out.print(tree)


def _add_school(tree: Tree, snapshot: Snapshot, school: School) -> None:
    workloads = snapshot.of_school(school)
    line = snapshot.schools.get(school)
    if line is None:
        branch = tree.add(Text(f"{school.name}  not told by the operator yet: does it run?"))
        _add_workloads(branch, workloads)
        return
    branch = tree.add(_school_text(school, line.status))
    if line.status.reason:
        branch.label = Text("\n").join([_school_text(school, line.status), Text(line.status.reason, "dim")])
    told = {item.name: item for item in line.status.applications or ()}
    for name in sorted({*told, *(item.application or NO_APPLICATION for item in workloads)}):
        of_it = [item for item in workloads if (item.application or NO_APPLICATION) == name]
        _add_workloads(branch.add(_application_text(name, told.get(name))), of_it)


def _add_workloads(branch: Tree, workloads: Iterable[Workload]) -> None:
    for workload in sorted(workloads, key=lambda item: item.key):
        branch.add(Text(f"{workload.short_name}  {describe(workload)}"))


def _school_text(school: School, told: SchoolStatus) -> Text:
    facts = [
        f"since {told.since}" if told.since else "",
        f"until {told.until}" if told.until else "",
        f"by {told.policy}" if told.policy else "",
        f"next: {told.next}" if told.next else "",
    ]
    rest = ", ".join(fact for fact in facts if fact)
    return Text.assemble((school.name, "bold"), "  ", state_text(told.state or "?"), f" {rest}")


def _application_text(name: str, told: ApplicationStatus | None) -> Text:
    if told is None:
        return Text(f"{name}  not told by the operator yet")
    text = Text.assemble(name, "  ", state_text(told.state))
    if told.running:
        text.append(f", {told.running} still running")
    if told.exemption:
        until = f" until {told.exemption.until}" if told.exemption.until else ""
        text.append(f" by {told.exemption.by}{until}: {told.exemption.reason}")
    return text


def _structured(snapshot: Snapshot, school: School) -> dict[str, Any]:
    """The SchoolSync's own status, with the workloads beside it."""
    line = snapshot.schools.get(school)
    told = line.status.to_json() if line else {}
    return {
        "namespace": school.namespace,
        "school": school.name,
        **{field: value for field, value in told.items() if field not in ("school", "restore")},
        "workloads": [as_json(item) for item in sorted(snapshot.of_school(school), key=lambda one: one.key)],
    }
