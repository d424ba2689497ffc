"""The table of policies, asked of a real API server; `tests/unit/test_api_models.py` asks the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.apiserver import ApiServer
from policies.bad import BAD
from policies.generated import specs
from policies.good import GOOD
from policies.table import BOTH, Bad, Good, Json, Kind, case_id, cases, manifest, spec
from syncpause.api.resources import SyncPausePolicy
from syncpause.api.zones import known_zones

if TYPE_CHECKING:
    from controlplane.cluster import Cluster


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Iterator[ApiServer]:
    session = ApiServer(cluster.kubeconfig)
    yield session
    session.close()


@pytest.mark.parametrize(("row", "kind"), cases(GOOD), ids=case_id)
def test_a_good_policy_is_accepted_and_read_back_as_it_was_meant(
    api: ApiServer, row: Good, kind: Kind
) -> None:
    verdict = api.try_to_create(kind, manifest(kind, row.spec))
    assert verdict.accepted, verdict.message
    assert kind.parse(verdict.body).spec == kind.parse(manifest(kind, row.spec)).spec


@pytest.mark.parametrize(("row", "kind"), cases(BAD), ids=case_id)
def test_a_bad_policy_is_refused_with_a_sentence_that_names_the_field(
    api: ApiServer, row: Bad, kind: Kind
) -> None:
    verdict = api.try_to_create(kind, manifest(kind, row.spec))
    assert not verdict.accepted
    path = row.server_path or row.path
    said_by_field = any(field == path and row.sentence in sentence for field, sentence in verdict.causes)
    assert said_by_field or f'{row.sentence} "{path}"' in verdict.message, verdict.message


def test_every_time_zone_that_we_know_is_known_to_the_api_server(api: ApiServer) -> None:
    refused = [
        zone
        for zone in sorted(known_zones())
        if not api.try_to_create(SyncPausePolicy, manifest(SyncPausePolicy, spec(timeZone=zone))).accepted
    ]
    assert refused == []


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=specs(), kind=st.sampled_from(BOTH))
def test_what_the_api_server_accepts_the_models_accept_and_the_other_way_round(
    api: ApiServer, body: Json, kind: Kind
) -> None:
    verdict = api.try_to_create(kind, manifest(kind, body))
    assert _models_accept(kind, body) == verdict.accepted, verdict.message


def test_kubectl_apply_answers_with_the_sentence_and_the_field(cluster: Cluster) -> None:
    wrong = spec(windows=[{"name": "summer", "firstDay": "2027-06-12", "lastDay": "2027-06-01"}])
    said = _refusal(cluster, manifest(SyncPausePolicy, wrong))
    assert "spec.windows[0].lastDay" in said
    assert "2027-06-01 is before firstDay 2027-06-12: put the later day last" in said


def test_kubectl_apply_refuses_a_field_that_it_does_not_know(cluster: Cluster) -> None:
    assert 'unknown field "spec.timezone"' in _refusal(
        cluster, manifest(SyncPausePolicy, spec(timezone="UTC"))
    )


def test_days_need_no_quotes_under_kubectl_apply(cluster: Cluster) -> None:
    unquoted = """
        apiVersion: syncpause.dev/v1alpha1
        kind: SyncPausePolicy
        metadata: {name: unquoted, namespace: default}
        spec:
          timeZone: America/Chicago
          windows:
          - {name: once, firstDay: 2027-06-12, lastDay: 2027-08-14}
          - {name: yearly, firstDay: 12-20, lastDay: 01-03}
    """
    assert "created" in cluster.kubectl("apply", "--dry-run=server", "--filename=-", input=unquoted)


@pytest.mark.parametrize("how", ["--server-side=false", "--server-side=true"])
def test_duplicate_names_are_refused_however_they_are_applied(cluster: Cluster, how: str) -> None:
    window = {"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}
    refusal = _refusal(cluster, manifest(SyncPausePolicy, spec(windows=[window, window])), how)
    assert "spec.windows" in refusal
    assert "two windows have the same name: give each its own" in refusal
    exemption = {"name": "july", "schools": ["lincoln"], "reason": "summer school"}
    assert "july" in _refusal(cluster, manifest(SyncPausePolicy, spec(exemptions=[exemption] * 2)), how)


def _models_accept(kind: Kind, body: Json) -> bool:
    try:
        kind.parse(manifest(kind, body))
    except ValidationError:
        return False
    return True


def _refusal(cluster: Cluster, body: Json, how: str = "--server-side=false") -> str:
    from controlplane.failure import KubectlError  # noqa: PLC0415

    with pytest.raises(KubectlError) as refused:
        cluster.kubectl("apply", "--dry-run=server", how, "--filename=-", input=json.dumps(body))
    return refused.value.stderr
