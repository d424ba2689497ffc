"""`kubectl syncpause calendar`: the year in a terminal, in a pipe and in a file."""

from __future__ import annotations

import subprocess
from calendar import month_abbr
from pathlib import Path
from xml.etree import ElementTree

from plugin import Plugin
from stage import Stage

from controlplane.cluster import Cluster

SUMMER = [{"name": "summer", "firstDay": "06-12", "lastDay": "08-14"}]


def test_the_year_is_drawn_with_today_and_a_legend(cluster: Cluster, stage: Stage, tmp_path: Path) -> None:
    plugin = Plugin(cluster)
    empty = plugin.ok("calendar", "-n", stage.namespace)
    assert empty.startswith("There is no school in namespace")
    stage.sync()
    stage.sync("other", school="roosevelt")
    stage.policy(windows=SUMMER, schools=["lincoln"])
    where = ("calendar", "-n", stage.namespace, "--year", "2027", "--today", "2027-07-01")
    lines = plugin.ok(*where).splitlines()
    assert lines[0] == f"{stage.namespace}, 2027"
    assert lines[1].split() == list(month_abbr)[1:]
    assert set(lines[2].removeprefix("lincoln").strip()) == {"·", "█"}
    assert lines[3].strip() == "paused 2027-06-12 to 2027-08-14 (64 days) by spp/summer, summer"
    assert lines[5].strip() == "syncs all year"
    assert lines[6].strip() == "▲ today, 2027-07-01"
    assert lines[7].split("   ") == ["█ paused", "· syncing", ""]
    one = plugin(*where, "lincoln", "-o", "json").data
    assert one[0]["runs"][1]["firstDay"] == "2027-06-12"
    file = tmp_path / "year.svg"
    plugin.ok(*where, "--svg", str(file))
    assert ElementTree.parse(file).getroot().tag.endswith("svg")
    assert plugin.ok(*where, "--svg", "-") == file.read_text()


def test_wrong_names_years_and_files_are_told(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    wrong = plugin("calendar", "lincon", "-n", stage.namespace)
    assert (wrong.code, "is it lincoln?" in wrong.err) == (3, True)
    assert plugin("calendar", "--year", "27").code == 2
    unwritable = plugin("calendar", "-n", stage.namespace, "--svg", "/nonexistent/a.svg")
    assert (unwritable.code, "No such file or directory" in unwritable.err) == (2, True)


def test_a_narrow_terminal_gets_a_narrow_year(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync(school="lincoln-high-school-of-the-arts")
    stage.policy(windows=SUMMER)
    script = f"stty cols 40; kubectl syncpause calendar -n {stage.namespace} --year 2027"
    done = subprocess.run(
        ["script", "-qec", script, "/dev/null"],
        env={**plugin.env, "TERM": "xterm", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    bar = next(line for line in done.stdout.splitlines() if "█" in line)
    assert len(bar) <= 40
    assert "\x1b[3" not in done.stdout
