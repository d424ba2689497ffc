"""The CRDs as a real API server serves them: names, columns and what `kubectl explain` teaches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from policies.table import BOTH, Kind, manifest, spec, window
from syncpause.api.resources import SyncPausePolicy

if TYPE_CHECKING:
    from controlplane.cluster import Cluster


Explain = Callable[[str], str]


@pytest.fixture(scope="module")
def explain(cluster: Cluster) -> Explain:
    """What `kubectl explain` says of a field, as one line; it is published a while after `Established`."""
    from controlplane.failure import KubectlError  # noqa: PLC0415
    from controlplane.process import wait_until  # noqa: PLC0415

    def unpublished() -> str | None:
        try:
            for kind in BOTH:
                cluster.kubectl("explain", kind.SHORTS[0])
        except KubectlError as error:
            return error.stderr
        return None

    wait_until("the kinds to be explained", unpublished, seconds=60)
    return lambda field: " ".join(cluster.kubectl("explain", field).split())


def test_explain_teaches_what_the_days_of_a_window_mean(explain: Explain) -> None:
    text = explain("spp.spec.windows")
    assert "The first day of the pause, inclusive: the last day of the old school year." in text
    assert "Active on 2027-08-15 means `2027-08-14`." in text
    assert 'An empty list means "never paused"' in text


def test_explain_lists_the_choices_of_a_cluster_policy(explain: Explain) -> None:
    text = explain("cspp.spec")
    assert "enum: Default, Enforced" in text
    assert "paused at its own midnight instead" in text


@pytest.mark.parametrize("kind", BOTH)
def test_explain_has_something_to_say_about_every_field(explain: Explain, kind: Kind) -> None:
    for field in (
        "spec",
        "spec.exemptions",
        "spec.selector.matchExpressions",
        "status",
        "status.counts.schools",
    ):
        assert "<no description>" not in explain(f"{kind.SHORTS[0]}.{field}")


def test_explain_teaches_the_status_of_a_school(explain: Explain) -> None:
    text = explain("school")
    assert "The status of one school" in text
    assert "To change what it reports, change policies" in text
    for field in ("state", "since", "until", "nextTransition", "restore", "conditions"):
        assert "<no description>" not in explain(f"school.status.{field}")
    assert "`Syncing`, `Pausing`" in explain("schools.status.state")
    assert "Last day of the exemption, inclusive" in explain("school.status.applications.exemption")


def test_the_api_server_has_no_complaint_about_the_schema(cluster: Cluster) -> None:
    crds = json.loads(cluster.kubectl("get", "crd", "--output=json"))["items"]
    ours = {crd["metadata"]["name"]: crd["status"]["conditions"] for crd in crds}
    for kind in BOTH:
        conditions = {each["type"]: each["status"] for each in ours[f"{kind.PLURAL}.syncpause.dev"]}
        assert conditions["NamesAccepted"] == "True"
        assert conditions.get("NonStructuralSchema", "False") == "False"


def test_kubectl_get_shows_the_line_of_the_dashboard(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "columns")
    body = manifest(SyncPausePolicy, spec(windows=[window()]), "summer")
    body["metadata"]["namespace"] = "columns"
    cluster.kubectl("apply", "--filename=-", input=json.dumps(body))
    status = {"status": _status()}
    patch = ("--subresource=status", "--type=merge", f"--patch={json.dumps(status)}")
    cluster.kubectl("patch", "spp", "summer", "--namespace=columns", *patch)
    head, line = cluster.kubectl("get", "spp", "--namespace=columns").splitlines()
    names = ["NAME", "READY", "STATE", "WINDOW", "FIRST DAY", "LAST DAY", "NEXT", "SCHOOLS", "CRONJOBS"]
    starts = [head.index(name) for name in [*names, "DEPLOYMENTS", "AGE"]]
    assert starts == sorted(starts)
    shown = [line[start:end].strip() for start, end in pairwise(starts)]
    assert shown == [
        "summer", "True", "Active", "summer", "2027-06-12", "2027-08-14", "Resume 2027-08-15 00:00", "2",
        "6/6", "2/2",
    ]  # fmt: skip
    wide = cluster.kubectl("get", "spp", "--namespace=columns", "--output=wide")
    assert "America/Chicago" in wide
    assert "Enforce" in wide
    assert "all is well" in wide


@pytest.fixture
def no_policies_left(cluster: Cluster) -> Iterator[None]:
    """What stays behind would govern other tests' workloads."""
    yield
    cluster.kubectl("delete", "clustersyncpausepolicies", "--all")
    cluster.kubectl("delete", "syncpausepolicies", "--all", "--all-namespaces")


@pytest.mark.usefixtures("no_policies_left")
def test_the_category_lists_both_kinds(cluster: Cluster) -> None:
    for kind in BOTH:
        body = manifest(kind, spec(), "category")
        cluster.kubectl("apply", "--filename=-", input=json.dumps(body))
    listed = cluster.kubectl("get", "syncpause", "--namespace=default", "--output=name").splitlines()
    assert {f"{kind.KIND.lower()}.syncpause.dev/category" for kind in BOTH} <= set(listed)


def _status() -> dict[str, object]:
    ready = {"type": "Ready", "status": "True", "reason": "InForce", "message": "all is well"}
    return {
        "observedGeneration": 1,
        "state": "Active",
        "window": {"name": "summer", "firstDay": "2027-06-12", "lastDay": "2027-08-14"},
        "next": "Resume 2027-08-15 00:00",
        "summary": {"schools": "2", "cronJobs": "6/6", "deployments": "2/2"},
        "conditions": [{**ready, "observedGeneration": 1, "lastTransitionTime": "2027-06-12T05:00:00Z"}],
    }
