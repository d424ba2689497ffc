"""One record of each object: the informer's, whichever comes first, the watch or the answer to a write."""

import pytest

from builders import sync
from syncpause.controller.fleet import Fleet
from syncpause.controller.school_book import SchoolBook
from syncpause.kube.schools import Line, LineKey


def test_of_a_version_that_watch_and_answer_tell_the_watchs_record_is_kept() -> None:
    fleet = Fleet()
    answer, told = sync(resource_version="2"), sync(resource_version="2")
    assert fleet.put(answer)
    assert not fleet.put(told, from_informer=True), "it tells nothing new"
    assert fleet.get(told.key) is told
    assert not fleet.put(answer)
    assert fleet.get(told.key) is told


def test_versions_of_one_workload_share_what_names_it() -> None:
    fleet = Fleet()
    first, second = sync(resource_version="1"), sync(resource_version="2")
    fleet.put(first, from_informer=True)
    fleet.put(second)
    assert second.key is first.key
    assert second.uid is first.uid


def line(version: str, uid: str = "a") -> Line:
    return Line(key=LineKey("d9", "lincoln"), uid=uid, resource_version=version, generation=1)


@pytest.fixture
def changes() -> list[LineKey]:
    return []


@pytest.fixture
def book(changes: list[LineKey]) -> SchoolBook:
    return SchoolBook(changes.append)


def test_a_line_that_was_written_is_no_news_to_the_watch(book: SchoolBook, changes: list[LineKey]) -> None:
    answer, told = line("2"), line("2")
    book.put(answer)
    book.upsert(told)
    assert book.line(told.key) is told
    assert changes == []


def test_an_answer_that_comes_late_replaces_nothing_newer(book: SchoolBook, changes: list[LineKey]) -> None:
    """Or the next write would have a version that is over, and be refused."""
    told = line("3")
    book.upsert(told)
    book.put(line("2"))
    assert book.line(told.key) is told
    assert changes == [told.key]


def test_a_line_that_was_made_anew_replaces_its_namesake(book: SchoolBook) -> None:
    book.upsert(line("3", uid="gone"))
    made = line("2", uid="new")
    book.put(made)
    assert book.line(made.key) is made
