"""``status``: schools, their applications and workloads as a tree."""

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
from syncpause.cli.output import console, echo, state_text, write_structured
from syncpause.cli.snapshot import Reader, Snapshot, no_school
from syncpause.cli.wording import as_json, describe
from syncpause.domain.school import School
from syncpause.domain.workload import Workload


@click.command()
@click.argument("school", default="", shell_complete=complete_school)
@cluster_options()
@output_option()
def status(school: str, *, where: Where, output: str) -> None:
    """Show schools, their applications and workloads: state, start, end and reason."""
    snapshot = where.run(lambda client: Reader(client, where.namespace).dashboard())
    schools = snapshot.find_schools(school, where)
    snapshot.warn()
    if output != "table":
        write_structured([_structured(snapshot, item) for item in schools], output)
    elif not schools:
        echo(no_school(where))
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
    found = snapshot.schools.get(school)
    if found is None:
        branch = tree.add(Text(f"{school.name}  without a status of the operator: does it run?"))
        _add_workloads(branch, workloads)
        return
    branch = tree.add(_school_text(school, found.status))
    if found.status.reason:
        branch.label = Text("\n").join([_school_text(school, found.status), Text(found.status.reason, "dim")])
    reported = {item.name: item for item in found.status.applications or ()}
    for name in sorted({*reported, *(item.application or NO_APPLICATION for item in workloads)}):
        members = [item for item in workloads if (item.application or NO_APPLICATION) == name]
        _add_workloads(branch.add(_application_text(name, reported.get(name))), members)


def _add_workloads(branch: Tree, workloads: Iterable[Workload]) -> None:
    for workload in sorted(workloads, key=lambda item: item.key):
        branch.add(Text(f"{workload.short_name}  {describe(workload)}"))


def _school_text(school: School, reported: SchoolStatus) -> Text:
    facts = [
        f"since {reported.since}" if reported.since else "",
        f"until {reported.until}" if reported.until else "",
        f"by {reported.policy}" if reported.policy else "",
        f"next: {reported.next}" if reported.next else "",
    ]
    rest = ", ".join(fact for fact in facts if fact)
    return Text.assemble((school.name, "bold"), "  ", state_text(reported.state or "?"), f" {rest}")


def _application_text(name: str, reported: ApplicationStatus | None) -> Text:
    if reported is None:
        return Text(f"{name}  without a status of the operator yet")
    text = Text.assemble(name, "  ", state_text(reported.state))
    if reported.running:
        text.append(f", {reported.running} still running")
    if reported.exemption:
        until = f" until {reported.exemption.until}" if reported.exemption.until else ""
        text.append(f" by {reported.exemption.by}{until}: {reported.exemption.reason}")
    return text


def _structured(snapshot: Snapshot, school: School) -> dict[str, Any]:
    """The SchoolSync's own status, with the workloads beside it."""
    found = snapshot.schools.get(school)
    reported = found.status.to_json() if found else {}
    return {
        "namespace": school.namespace,
        "school": school.name,
        **{field: value for field, value in reported.items() if field not in ("school", "restore")},
        "workloads": [as_json(item) for item in sorted(snapshot.of_school(school), key=lambda one: one.key)],
    }
