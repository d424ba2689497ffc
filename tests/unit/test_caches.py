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
from syncpause.domain.workload import CronJob, Kind, label_fields
from syncpause.kube.decoding import decode_one
from syncpause.kube.errors import ConnectionLost
from syncpause.kube.schools import Line, LineKey


def test_of_a_version_that_watch_and_answer_tell_the_watchs_record_is_kept() -> None:
    workload_cache = WorkloadCache()
    answer, told = sync(resource_version=2), sync(resource_version=2)
    assert workload_cache.put(answer)
    assert not workload_cache.put(told, from_informer=True), "it tells nothing new"
    assert workload_cache.get(told.key) is told
    assert not workload_cache.put(answer)
    assert workload_cache.get(told.key) is told


def test_versions_of_one_workload_share_what_names_it() -> None:
    workload_cache = WorkloadCache()
    first, second = sync(resource_version=1), sync(resource_version=2)
    workload_cache.put(first, from_informer=True)
    workload_cache.put(second)
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


def line(version: int, uid: str = "a") -> Line:
    return Line(key=LineKey("d9", "lincoln"), uid=uid, resource_version=version, generation=1)


@pytest.fixture
def changes() -> list[LineKey]:
    return []


@pytest.fixture
def book(changes: list[LineKey]) -> SchoolCache:
    return SchoolCache(changes.append)


def test_a_line_that_was_written_is_no_news_to_the_watch(book: SchoolCache, changes: list[LineKey]) -> None:
    answer, told = line(2), line(2)
    book.put(answer)
    book.upsert(told)
    assert book.line(told.key) is told
    assert changes == []


def test_an_answer_that_comes_late_replaces_nothing_newer(book: SchoolCache, changes: list[LineKey]) -> None:
    """Or the next write would have a version that is over, and be refused."""
    told = line(3)
    book.upsert(told)
    book.put(line(2))
    assert book.line(told.key) is told
    assert changes == [told.key]


def test_a_line_that_was_made_anew_replaces_its_namesake(book: SchoolCache) -> None:
    book.upsert(line(3, uid="gone"))
    made = line(2, uid="new")
    book.put(made)
    assert book.line(made.key) is made
