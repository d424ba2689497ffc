"""Time zones, durations, objects and sentences of the API."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.table import exemption, manifest, spec, window
from syncpause.api.durations import MAX_SECONDS, seconds_of
from syncpause.api.errors import explain_errors
from syncpause.api.policy import ClusterPolicySpec, Enforcement, MissedRuns, PolicySpec
from syncpause.api.resources import ClusterSyncPausePolicy, SyncPausePolicy
from syncpause.api.status import Condition, PolicyState, PolicyStatus
from syncpause.api.zones import known_zones, load_zone


def test_every_known_zone_loads_and_is_loaded_once() -> None:
    assert len(known_zones()) > 500
    for name in known_zones():
        assert load_zone(name).key == name
        assert load_zone(name) is load_zone(name)


def test_a_zone_keeps_its_daylight_saving_time() -> None:
    chicago = load_zone("America/Chicago")
    assert datetime(2027, 7, 1, tzinfo=chicago).utcoffset() == timedelta(hours=-5)
    assert datetime(2027, 1, 1, tzinfo=chicago).utcoffset() == timedelta(hours=-6)


@pytest.mark.parametrize("name", ["", "Local", "Factory", "posixrules", "../zones", "america/chicago"])
def test_no_other_file_is_loaded_as_a_zone(name: str) -> None:
    with pytest.raises(ValueError, match="not a known time zone"):
        load_zone(name)


@given(st.integers(0, 30), st.integers(0, 99), st.integers(0, 99_999))
def test_a_duration_is_the_sum_of_its_parts_up_to_a_day(hours: int, minutes: int, seconds: int) -> None:
    length = hours * 3600 + minutes * 60 + seconds
    text = f"{hours}h{minutes}m{seconds}s"
    if length <= MAX_SECONDS:
        assert seconds_of(text) == length
    else:
        with pytest.raises(ValueError, match="of at most 24h"):
            seconds_of(text)


def test_python_writes_snake_case_and_the_wire_camel_case() -> None:
    made = PolicySpec(time_zone="UTC", windows=(), missed_runs=MissedRuns.RUN_ONCE, resume_spread="1h30m")
    assert made.resume_spread_seconds == 5400
    assert made.to_json()["missedRuns"] == "RunOnce"
    assert PolicySpec.from_json(made.to_json()) == made


def test_the_models_are_frozen() -> None:
    made = PolicySpec.from_json(spec(windows=[window()]))
    with pytest.raises(ValidationError, match="frozen"):
        made.windows[0].name = "winter"


def test_an_exemptions_from_is_written_as_from() -> None:
    made = PolicySpec.from_json(spec(exemptions=[exemption(**{"from": "2027-06-20"})]))
    assert made.exemptions[0].from_ == "2027-06-20"
    assert made.exemptions[0].to_json()["from"] == "2027-06-20"


def test_a_cluster_policy_is_everybodys_default_unless_it_says_otherwise() -> None:
    made = ClusterPolicySpec.from_json(spec())
    assert made.enforcement is Enforcement.DEFAULT
    assert made.namespace_selector is None


def test_an_object_from_the_api_server_is_read_whole() -> None:
    status = {"state": "Active", "somethingOfLater": 1, "conditions": [_condition()]}
    metadata = {"name": "summer", "namespace": "d9", "uid": "u", "generation": 3, "resourceVersion": "7"}
    read = SyncPausePolicy.parse(
        {**manifest(SyncPausePolicy, spec()), "metadata": metadata, "status": status}
    )
    assert (read.metadata.namespace, read.metadata.generation, read.metadata.resource_version) == (
        "d9",
        3,
        "7",
    )
    assert read.status.state is PolicyState.ACTIVE
    assert read.status.conditions == (Condition(**_condition()),)


def test_an_object_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        ClusterSyncPausePolicy.parse(manifest(SyncPausePolicy, spec()))


def test_an_empty_status_is_written_as_nothing() -> None:
    assert PolicyStatus().to_json() == {}


def test_every_fault_is_reported_with_its_field_and_fix() -> None:
    wrong = spec(mode="Off", windows=[window("2027-06-12", "2027-06-01"), window("2027-02-30", name="x y")])
    with pytest.raises(ValidationError) as refused:
        SyncPausePolicy.parse(manifest(SyncPausePolicy, wrong))
    assert explain_errors(refused.value).split("; ") == [
        "spec.windows[0].lastDay: 2027-06-01 is before firstDay 2027-06-12: put the later day last",
        "spec.windows[1].name: \"x y\": use lower-case letters, digits and '-', with a letter or digit at "
        "both ends, such as summer-2027",
        'spec.windows[1].firstDay: "2027-02-30": the calendar has no such day: correct the month or the day',
        "spec.mode: \"Off\": write 'Enforce' or 'DryRun'",
    ]


def _condition() -> dict[str, str]:
    ready = {"type": "Ready", "status": "True", "reason": "InForce", "message": "all is well"}
    return {**ready, "lastTransitionTime": "2027-06-12T05:00:00Z"}
