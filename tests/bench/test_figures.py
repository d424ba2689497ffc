"""What a story measures replaces what was measured of it before, and nothing else."""

from __future__ import annotations

from pathlib import Path

from bench.figures import COLUMNS, Report, at_most

ORDER = ("start", "idle", "growth")


def told(story: str, value: float) -> Report:
    report = Report(lambda _: None, story)
    report.add(story, "seconds", value, "s", target=at_most(2), binding=True, note="three rounds")
    return report


def test_a_story_replaces_itself_and_keeps_the_others_in_their_order(tmp_path: Path) -> None:
    kept = tmp_path / "build/bench.json"
    for story, value in (("growth", 1.0), ("start", 3.0), ("forgotten", 9.0)):
        report = told(story, value)
        report.keep(kept, (*ORDER, "forgotten"))
        report.write_json(kept)
    again = told("start", 1.5)
    again.keep(kept, ORDER)
    assert [(each.story, each.value) for each in again.figures] == [("start", 1.5), ("growth", 1.0)]
    growth = again.figures[1]
    assert (growth.verdict, growth.unit, growth.note) == ("met", "s", "three rounds")


def test_only_ratios_and_counts_that_miss_fail_a_run() -> None:
    report = told("idle", 3.0)
    report.add("idle", "mood", 9, target=at_most(1))
    assert [each.name for each in report.missed] == ["seconds"]


def test_the_page_has_a_section_for_each_section_and_notes_below_its_table() -> None:
    report = told("start", 1.5)
    report.add("growth", "requests", 7, note="12 patch cronjobs, " * 12)
    report.add("start", "imports", 1)
    page = report.markdown()
    assert [line for line in page.splitlines() if line.startswith("#")] == ["## start", "## growth"]
    table, notes = page.partition("\n\n## growth")[0].split("\n\n")[1:]
    assert table.splitlines()[2:] == ["| seconds | 1.50 s | ≤ 2 | met |", "| imports | 1 |  |  |"]
    assert notes == "- seconds: three rounds"
    assert max(map(len, page.splitlines())) <= COLUMNS
