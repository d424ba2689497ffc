"""Edits of a school's own policy: read, make the edit, show it, ask, write.

Each write names the resource version that it is based on. Where another client has changed the policy, the
edit starts again from the new version.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from syncpause.api.names import API_VERSION
from syncpause.api.resources import SyncPausePolicy
from syncpause.api.zones import load_zone
from syncpause.cli.checking import check_fields
from syncpause.cli.completion import complete_school
from syncpause.cli.failure import Failure, WrongInput, unknown
from syncpause.cli.options import Where, cluster_options, output_option
from syncpause.cli.output import confirm, echo, warn, write_structured
from syncpause.cli.snapshot import Object, Reader, Snapshot, applied
from syncpause.controller.cache.policy_objects import ref_of
from syncpause.domain.decision.decide import Decision, DesiredState, decide
from syncpause.domain.decision.policy import PolicyRef
from syncpause.domain.decision.windows import local_day
from syncpause.domain.preview.edits import copy_for_school
from syncpause.domain.preview.forecast import compare
from syncpause.domain.school import School, object_name
from syncpause.domain.status.transition import zone_of
from syncpause.domain.workload import Workload
from syncpause.kube.client import Client
from syncpause.kube.errors import Conflict
from syncpause.kube.policies import Policies

ATTEMPTS = 4
KIND = SyncPausePolicy.KIND
Command = TypeVar("Command", bound=Callable[..., Any])

_GITOPS_MANAGERS = ("argocd", "kustomize-controller", "helm", "flux")
_GITOPS_MARKS = ("argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/")


@dataclass(frozen=True, slots=True)
class EditRequest:
    """The options that all edits share."""

    where: Where
    school: str
    policy: str
    dry_run: bool
    yes: bool
    output: str


@dataclass(frozen=True, slots=True)
class EditContext:
    """The current state of the school: its workloads, and the policies that decide about it.

    ``target`` is the policy to edit; None where a new one is created.
    """

    request: EditRequest
    snapshot: Snapshot
    workloads: list[Workload]
    target: Object | None
    decisions: list[Decision]

    @property
    def zone(self) -> ZoneInfo:
        """The current time zone of the school."""
        if self.target is not None:
            return load_zone(self.target["spec"]["timeZone"])
        return zone_of(self.snapshot.policy_set, self.request.where.namespace, self.decisions)

    @property
    def today(self) -> date:
        """The current day at the school."""
        return local_day(datetime.now(UTC), self.zone)

    @property
    def deciding(self) -> list[PolicyRef]:
        """The policies that decide now."""
        return sorted({policy.ref for decision in self.decisions for policy in decision.policies})


@dataclass(frozen=True, slots=True)
class Edit:
    """The new spec of the policy, and sentences to show before it is written."""

    spec: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def editing_options(command: Command) -> Command:
    """SCHOOL and the shared options; the command receives them as ``request: EditRequest``."""

    @wraps(command)
    def gathered(
        *, school: str, where: Where, policy: str, dry_run: str, yes: bool, output: str, **rest: Any
    ) -> Any:
        return command(request=EditRequest(where, school, policy, dry_run == "client", yes, output), **rest)

    decorated: Any = gathered
    for option in (
        output_option("text", "yaml", "json"),
        cluster_options(all_namespaces=False),
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
        click.option(
            "--dry-run",
            type=click.Choice(("none", "client")),
            default="none",
            show_default=True,
            help="client: write nothing. With -o yaml, prints the policy for git.",
        ),
        click.option("--policy", default="", help="The policy to edit where several name the school."),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


school_argument = click.argument("school", shell_complete=complete_school)


def edit(request: EditRequest, make_edit: Callable[[EditContext], Edit]) -> None:
    """Carry out an edit. Raises Failure and WrongInput."""
    request.where.run(lambda client: _edit(client, request, make_edit))


def copied(context: EditContext) -> Edit:
    """A new policy for this school alone, copied from the policy that decides now. Raises Failure."""
    request, refs = context.request, context.deciding
    if context.snapshot.missing:
        raise Failure(f"{request.school} has no policy of its own to edit, and {context.snapshot.missing[0]}")
    if len(refs) != 1 or any(ref.cluster and _enforced(context, ref) for ref in refs):
        names = " and ".join(map(str, refs)) or "no policy"
        raise Failure(
            f"{names} decides about {request.school}, which cannot be copied: write a policy of its own"
        )
    _check_valid(context.snapshot, refs[0])
    original = context.snapshot.policies[refs[0]]
    spec = copy_for_school(original["spec"], request.school, context.zone.key)
    return Edit(spec, [f"{request.school} has no policy of its own yet: it gets one, a copy of {refs[0]}"])


def _enforced(context: EditContext, ref: PolicyRef) -> bool:
    return context.snapshot.policy_set.policies[ref].enforced


async def _edit(client: Client, request: EditRequest, make_edit: Callable[[EditContext], Edit]) -> None:
    for _ in range(ATTEMPTS):
        context = await _read(client, request)
        planned = make_edit(context)
        body = _body(context, planned)
        mistakes = check_fields(body, SyncPausePolicy)
        if mistakes:
            raise WrongInput("; ".join(map(str, mistakes)))
        _show(context, planned, body)
        if request.dry_run:
            _print(body, request.output, "not written: dry run")
            return
        _ask(context, body)
        try:
            written = await _write(client, context, body)
        except Conflict:
            warn("another client has changed the policy: starting again from its new version")
            continue
        _print(_clean(written), request.output, "created" if context.target is None else "configured")
        return
    raise Failure("another client keeps changing the policy: nothing was written; try again later")


async def _read(client: Client, request: EditRequest) -> EditContext:
    snapshot = await Reader(client, request.where.namespace).snapshot()
    workloads = snapshot.of_school(School(request.where.namespace, request.school))
    if not workloads:
        failure = unknown(
            "school", request.school, (item.school for item in snapshot.workloads), request.where.words
        )
        if not request.dry_run:
            raise failure
        warn(failure.message)
    now = datetime.now(UTC)
    decisions = [decide(snapshot.policy_set, workload, now) for workload in workloads]
    return EditContext(request, snapshot, workloads, _target(snapshot, request), decisions)


def _target(snapshot: Snapshot, request: EditRequest) -> Object | None:
    """The policy to edit: the one that names the school, or the one of ``--policy``."""
    namespace = request.where.namespace
    named = PolicyRef(namespace, request.policy or object_name(request.school))
    own = [
        body
        for ref, body in snapshot.policies.items()
        if ref.namespace == namespace and request.school in (snapshot.policy_set.policies[ref].schools or ())
    ]
    if request.policy:
        own = [body for body in own if body["metadata"]["name"] == request.policy]
    if len(own) > 1:
        names = ", ".join(sorted(body["metadata"]["name"] for body in own))
        raise WrongInput(f"several policies name {request.school}: name one of them with --policy ({names})")
    if not own and named in snapshot.policies:
        raise WrongInput(f"{named} exists and does not name {request.school}: name another one with --policy")
    for body in own:
        _check_valid(snapshot, ref_of(body))
    return own[0] if own else None


def _check_valid(snapshot: Snapshot, ref: PolicyRef) -> None:
    """Raises Failure for a stored policy that an edit cannot start from."""
    reason = snapshot.policy_set.policies[ref].invalid
    if reason:
        raise Failure(f"{ref} is invalid: {reason}; correct it with kubectl edit first")


def _body(context: EditContext, planned: Edit) -> dict[str, Any]:
    request = context.request
    if context.target is not None:
        return {**_clean(context.target), "spec": planned.spec}
    name = request.policy or object_name(request.school)
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": request.where.namespace},
        "spec": planned.spec,
    }


def _clean(body: Object) -> dict[str, Any]:
    """The policy without what the API server adds, as for git."""
    kept = {
        field: value
        for field, value in body["metadata"].items()
        if field in ("name", "namespace", "labels", "annotations")
    }
    marks = {
        key: value
        for key, value in (kept.pop("annotations", None) or {}).items()
        if not key.startswith("kubectl.kubernetes.io/")
    }
    metadata = {**kept, **({"annotations": marks} if marks else {})}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": body["spec"]}


def _show(context: EditContext, planned: Edit, body: Object) -> None:
    """Print what is about to be written, and what it changes for the school."""
    for sentence in planned.notes:
        echo(sentence, err=True)
    policy_set = context.snapshot.policy_set
    after = applied(policy_set, [body])
    now = datetime.now(UTC)
    for change in compare(policy_set, after, context.workloads, lambda _zone: now):
        state = f"{change.before.state} → {change.after.state}"
        echo(f"{change.school}: {state}, next: {change.after.next or 'nothing'}", err=True)
    decisions = [decide(after, workload, now) for workload in context.workloads]
    enforced_refs = {
        str(decision.policy.ref)
        for decision in decisions
        if decision.desired_state is DesiredState.PAUSE and decision.policy and decision.policy.enforced
    }
    for ref in sorted(enforced_refs):
        warn(f"{ref} is Enforced and still pauses {context.request.school}")
    if context.target is not None and _is_from_git(context.target):
        warn("GitOps will revert this edit: commit what --dry-run=client -o yaml prints")


def _is_from_git(body: Object) -> bool:
    metadata = body["metadata"]
    managers = [entry.get("manager", "").lower() for entry in metadata.get("managedFields") or ()]
    marks = [*(metadata.get("labels") or {}), *(metadata.get("annotations") or {})]
    return any(item.startswith(_GITOPS_MANAGERS) for item in managers) or any(
        item.startswith(_GITOPS_MARKS) for item in marks
    )


def _ask(context: EditContext, body: Object) -> None:
    if context.request.yes:
        return
    if not sys.stdin.isatty():
        raise WrongInput(
            "there is no terminal to ask on: add --yes to write, or --dry-run=client to show the edit"
        )
    verb = "create" if context.target is None else "change"
    confirm(f"{verb} spp/{body['metadata']['name']}?", err=True)


async def _write(client: Client, context: EditContext, body: dict[str, Any]) -> dict[str, Any]:
    policies = Policies(client)
    if context.target is None:
        return await policies.create(KIND, body)
    version = context.target["metadata"]["resourceVersion"]
    return await policies.patch_spec(
        KIND, {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
    )


def _print(body: Object, output: str, verb: str) -> None:
    if output == "text":
        echo(f"syncpausepolicy/{body['metadata']['name']} {verb}")
    else:
        write_structured(body, output)
