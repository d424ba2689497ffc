"""``preview``: what would pause and resume if these policies were applied. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from syncpause.api.errors import Fault
from syncpause.api.resources import POLICY_KINDS, ClusterSyncPausePolicy
from syncpause.cli.checking import check, is_ours
from syncpause.cli.dates import MomentType, format_moment, instant_of
from syncpause.cli.failure import ANSWER_IS_NO, WrongInput
from syncpause.cli.manifests import Manifest, Unreadable, read
from syncpause.cli.options import Where, cluster_options, output_option
from syncpause.cli.output import console, table, write_structured
from syncpause.cli.snapshot import Object, Snapshot, applied, deleted, take
from syncpause.domain.preview.forecast import Forecast, SchoolChange, compare
from syncpause.domain.sentences import plural
from syncpause.domain.workload import Workload


@dataclass(frozen=True, slots=True)
class Given:
    """The policies and Namespaces in the files."""

    policies: tuple[Object, ...]
    namespaces: tuple[Object, ...]

    @property
    def scope(self) -> str:
        """The one namespace that the policies concern; "" for all."""
        kinds = {policy["kind"] for policy in self.policies}
        names = {policy["metadata"].get("namespace", "") for policy in self.policies}
        return "" if ClusterSyncPausePolicy.KIND in kinds or len(names) != 1 else next(iter(names))


@click.command()
@click.option("-f", "--filename", "files", multiple=True, required=True, help="File, folder, or - for stdin.")
@click.option("--at", type=MomentType(), help="The moment to preview. Default: now.")
@click.option("--delete", is_flag=True, help="Preview the deletion of the policies.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything would change.")
@cluster_options(all_namespaces=False)
@output_option()
def preview(
    files: tuple[str, ...],
    *,
    at: date | datetime | None,
    delete: bool,
    exit_code: bool,
    where: Where,
    output: str,
) -> None:
    """Show for each school what would pause and resume if policies were applied. Writes nothing.

    Reads manifests, folders and the output of kustomize. Objects of other kinds are skipped, except
    Namespaces, whose labels and time zone are used.
    """
    given = _given(files, where.namespace)
    if not given.policies:
        raise WrongInput(f"there is no policy in {', '.join(files)}: name files that have one")
    snapshot = take(replace(where, namespace=given.scope))
    changes = _changes(snapshot, given, at or datetime.now(UTC), delete=delete)
    if output == "table":
        _show(changes, snapshot, at)
    else:
        write_structured([_structured(change) for change in changes], output)
    if exit_code and changes:
        raise SystemExit(ANSWER_IS_NO)


def _given(files: Sequence[str], namespace: str) -> Given:
    try:
        found = list(read(files))
    except Unreadable as error:
        raise WrongInput(str(error)) from None
    wrong = [f"{item.file}:{item.line}: {item.sentence}" for item in found if not isinstance(item, Manifest)]
    manifests = [item for item in found if isinstance(item, Manifest)]
    ours = [item for item in manifests if is_ours(item)]
    wrong += [
        f"{item.file}:{item.line(fault.location)}: {item.name}: {fault}"
        for item in ours
        for fault in check(item)
    ]
    namespaces = [item for item in manifests if item.body.get("kind") == "Namespace"]
    wrong += [
        f"{item.file}:{item.line(fault.location)}: {item.name}: {fault}"
        for item in (*ours, *namespaces)
        for fault in _unnamed(item)
    ]
    if wrong:
        raise WrongInput("\n".join(dict.fromkeys(wrong)))
    return Given(
        tuple(_placed(item.body, namespace) for item in ours),
        tuple(item.body for item in namespaces),
    )


def _unnamed(item: Manifest) -> list[Fault]:
    """What keeps the object from being found in the cluster, or from being read."""
    metadata = item.body.get("metadata")
    if not isinstance(metadata, dict):
        return (
            [Fault(("metadata",), "required: add it, with a name")]
            if metadata is None
            else [Fault(("metadata",), "not a mapping: write a name below it")]
        )
    found = []
    if not isinstance(metadata.get("name"), str):
        found.append(Fault(("metadata", "name"), "required: kubectl apply takes no generateName: add a name"))
    for field in ("labels", "annotations"):
        values = metadata.get(field) or {}
        if not isinstance(values, dict) or not all(isinstance(text, str) for text in values.values()):
            found.append(Fault(("metadata", field), "not a mapping of strings: put its values in quotes"))
    return found


def _placed(body: dict[str, Any], namespace: str) -> Object:
    """The policy with the namespace that kubectl would use, where it has none."""
    namespaced = {kind.KIND for kind in POLICY_KINDS if kind.NAMESPACED}
    if body["kind"] not in namespaced or body["metadata"].get("namespace"):
        return body
    return {**body, "metadata": {**body["metadata"], "namespace": namespace}}


def _changes(
    snapshot: Snapshot, given: Given, moment: date | datetime, *, delete: bool
) -> list[SchoolChange]:
    before = snapshot.policy_set
    after = deleted(before, given.policies) if delete else applied(before, given.policies, given.namespaces)

    def at(zone: ZoneInfo) -> datetime:
        return instant_of(moment, zone)

    return compare(before, after, snapshot.workloads, at)


def _show(changes: Sequence[SchoolChange], snapshot: Snapshot, at: date | datetime | None) -> None:
    out = console()
    if at is not None:
        out.print(f"On {format_moment(at)}:")
    if changes:
        shown = table("NAMESPACE", "SCHOOL", "STATE", "WORKLOADS", "NEXT", "WHY")
        for change in changes:
            shown.add_row(
                change.namespace,
                change.school,
                _arrow(change.before.state, change.after.state),
                _workloads(change),
                _arrow(_next(change.before), _next(change.after)),
                change.after.why,
            )
        out.print(shown)
    unchanged = len({(item.namespace, item.school) for item in snapshot.workloads}) - len(changes)
    out.print(f"{plural(len(changes), 'school')} would change, {unchanged} would not. Nothing was written.")


def _workloads(change: SchoolChange) -> str:
    parts = []
    for verb, workloads in (("pause", change.pauses), ("resume", change.resumes)):
        if workloads:
            parts.append(f"{_counted(workloads)} {verb}")
    return ", ".join(parts) or "as now"


def _counted(workloads: Sequence[Workload]) -> str:
    kinds = Counter(str(workload.kind) for workload in workloads)
    return " and ".join(plural(kinds[kind], kind) for kind in sorted(kinds))


def _next(outlook: Forecast) -> str:
    return str(outlook.next) if outlook.next else "nothing"


def _arrow(before: str, after: str) -> str:
    return str(after) if before == after else f"{before} → {after}"


def _structured(change: SchoolChange) -> dict[str, Any]:
    return {
        "namespace": change.namespace,
        "school": change.school,
        "at": change.at.isoformat(),
        "before": _forecast(change.before),
        "after": _forecast(change.after),
        "pauses": [item.short_name for item in change.pauses],
        "resumes": [item.short_name for item in change.resumes],
    }


def _forecast(outlook: Forecast) -> dict[str, Any]:
    following = outlook.next.status.to_json() if outlook.next else None
    return {"state": str(outlook.state), "reason": outlook.why, "nextTransition": following}
