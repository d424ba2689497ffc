"""One record of each object: the informer's, whichever comes first, the watch or the answer to a write."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import sync
from syncpause.api import names
from syncpause.controller.cache.schools import SchoolCache
from syncpause.controller.cache.workloads import WorkloadCache
from syncpause.controller.stale import StaleSchools
from syncpause.domain.workload import CronJob, Kind, label_fields
from syncpause.kube.decoding import decode_one
from syncpause.kube.errors import ConnectionLost
from syncpause.kube.schools import SchoolKey, SchoolRecord


def test_of_two_records_of_one_version_the_watchs_stays() -> None:
    cache = WorkloadCache()
    answer, seen = sync(resource_version=2), sync(resource_version=2)
    assert cache.put(answer)
    assert not cache.put(seen, from_informer=True), "the version is known"
    assert cache.get(seen.key) is seen
    assert not cache.put(answer)
    assert cache.get(seen.key) is seen


def test_versions_of_one_workload_share_what_names_it() -> None:
    cache = WorkloadCache()
    first, second = sync(resource_version=1), sync(resource_version=2)
    cache.put(first, from_informer=True)
    cache.put(second)
    assert second.key is first.key
    assert second.uid is first.uid


@given(
    st.dictionaries(
        st.sampled_from([names.SCHOOL_LABEL, names.APPLICATION_LABEL, names.STATE_LABEL, "tier"]), st.text()
    )
)
def test_labels_are_kept_as_they_are_an_empty_value_too(labels: dict[str, str]) -> None:
    workload = msgspec.structs.replace(sync(), **label_fields(labels))
    assert workload.labels == labels
    assert workload.school == labels.get(names.SCHOOL_LABEL, "")


def test_labels_that_many_have_alike_are_one_dict() -> None:
    first, second = sync("a", labels={"tier": "a"}), sync("b", school="roosevelt", labels={"tier": "a"})
    assert first.other_labels is second.other_labels


def test_deadlines_and_schedules_that_many_have_alike_are_one_object() -> None:
    body = (
        b'{"metadata": {"resourceVersion": "1"}, "spec": {"startingDeadlineSeconds": 600},'
        b' "status": {"lastScheduleTime": "2027-06-14T02:00:00Z"}}'
    )
    first, second = decode_one(Kind.CRON_JOB, body), decode_one(Kind.CRON_JOB, body)
    assert isinstance(first, CronJob)
    assert isinstance(second, CronJob)
    assert (first.deadline, first.last_schedule) == (600, datetime(2027, 6, 14, 2, tzinfo=UTC))
    assert second.deadline is first.deadline
    assert second.last_schedule is first.last_schedule


@pytest.mark.parametrize("version", ['"seven"', '""'])
def test_a_version_that_is_no_number_is_no_workload(version: str) -> None:
    body = f'{{"metadata": {{"name": "rosters", "resourceVersion": {version}}}, "spec": {{}}}}'
    with pytest.raises(ConnectionLost, match="not a CronJob"):
        decode_one(Kind.CRON_JOB, body.encode())


def record(version: int, uid: str = "a") -> SchoolRecord:
    return SchoolRecord(key=SchoolKey("d9", "lincoln"), uid=uid, resource_version=version, generation=1)


@pytest.fixture
def stale() -> StaleSchools:
    return StaleSchools()


@pytest.fixture
def cache(stale: StaleSchools) -> SchoolCache:
    return SchoolCache(stale)


def test_a_status_that_the_operator_wrote_is_not_stale_when_the_watch_brings_it(
    cache: SchoolCache, stale: StaleSchools
) -> None:
    answer, seen = record(2), record(2)
    cache.put(answer)
    cache.upsert(seen)
    assert cache.get(seen.key) is seen
    assert stale.take() == set()


def test_an_answer_that_comes_late_replaces_nothing_newer(cache: SchoolCache, stale: StaleSchools) -> None:
    """Otherwise the next write has an old version, and the API server refuses it."""
    seen = record(3)
    cache.upsert(seen)
    cache.put(record(2))
    assert cache.get(seen.key) is seen
    assert stale.take() == {seen.key}


def test_a_school_sync_that_was_made_anew_replaces_its_namesake(cache: SchoolCache) -> None:
    cache.upsert(record(3, uid="gone"))
    made = record(2, uid="new")
    cache.put(made)
    assert cache.get(made.key) is made
