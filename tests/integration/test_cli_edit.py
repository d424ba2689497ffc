"""`set-dates`, `exempt` and `unexempt`: a school's own policy, made or edited for a person in a hurry."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from plugin import Plugin
from stage import Object, RunningOperator, Stage, eventually

from controlplane.cluster import Cluster

LAST_YEARS = [{"name": "summer", "firstDay": "2020-06-15", "lastDay": "2020-08-09"}]


def day(shift: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=shift)).isoformat()


def around_today() -> list[dict[str, str]]:
    return [{"name": "now", "firstDay": day(-3), "lastDay": day(3)}]


def spec_of(stage: Stage, name: str = "lincoln") -> Object:
    return dict(stage.get("spp", name)["spec"])


async def test_dates_are_said_back_and_take_effect(
    cluster: Cluster, stage: Stage, operator: RunningOperator
) -> None:
    stage.sync()
    stage.add_namespace(stage.namespace, zone="America/Denver")
    operator.jump_to("2035-07-01T12:00")
    await eventually(stage.is_syncing, "no policy yet")
    plugin = Plugin(cluster)
    where = ("-n", stage.namespace, "-y")
    answer = await asyncio.to_thread(plugin, "set-dates", "lincoln", "2035-06-12", "2035-08-14", *where)
    assert (answer.code, answer.out) == (0, "syncpausepolicy/lincoln created\n"), answer.err
    assert "paused from Tuesday 2035-06-12 00:00 MDT through Tuesday 2035-08-14" in answer.err
    assert "syncs again Wednesday 2035-08-15 00:00 MDT, America/Denver" in answer.err
    assert spec_of(stage)["timeZone"] == "America/Denver"
    await eventually(stage.is_paused, "its own dates hold")
    again = await asyncio.to_thread(plugin.ok, "set-dates", "lincoln", "06-20", "08-14", *where)
    assert again == "syncpausepolicy/lincoln configured\n"
    assert [item["firstDay"] for item in spec_of(stage)["windows"]] == ["06-20"]
    metadata = stage.get("spp", "lincoln", "--show-managed-fields")["metadata"]
    assert "kubectl-syncpause" in [item["manager"] for item in metadata["managedFields"]]


async def test_an_exemption_takes_effect_and_is_taken_back(
    cluster: Cluster, stage: Stage, operator: RunningOperator
) -> None:
    """The district's policy pauses; the school gets one of its own, with the district's dates."""
    operator.jump_to(datetime.now(UTC).replace(tzinfo=None).isoformat())
    stage.sync()
    stage.sync("grades", application="grades")
    stage.policy("district", windows=around_today(), missedRuns="RunOnce")
    await eventually(lambda: stage.is_paused("grades"), "the district's dates")
    plugin = Plugin(cluster)
    where = ("-n", stage.namespace, "-y")
    reason = 'summer school "A", 日本, ticket 4711'
    answer = await asyncio.to_thread(
        plugin, "exempt", "lincoln", "--application", "grades", "--until", day(2), "--reason", reason, *where
    )
    assert answer.code == 0, answer.err
    assert "lincoln has no policy of its own yet: it gets one, a copy of spp/district" in answer.err
    assert "lincoln: Paused → Paused" in answer.err
    await eventually(lambda: stage.is_syncing("grades"), "exempt")
    assert stage.is_paused("rosters") is True
    own = spec_of(stage)
    assert (own["windows"], own["missedRuns"]) == (around_today(), "RunOnce")
    assert own["exemptions"][0]["reason"] == reason
    await asyncio.to_thread(plugin.ok, "unexempt", "lincoln", *where)
    await eventually(lambda: stage.is_paused("grades"), "no longer exempt")
    nothing = await asyncio.to_thread(plugin, "unexempt", "lincoln", *where)
    assert (nothing.code, "there is no exemption for lincoln alone" in nothing.err) == (1, True)


def test_a_dry_run_prints_what_belongs_into_git_and_writes_nothing(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    where = ("-n", stage.namespace, "--dry-run=client", "-o", "yaml")
    printed = plugin.ok("set-dates", "lincoln", "2035-06-12", "2035-08-14", "--time-zone", "UTC", *where)
    assert yaml.safe_load(printed) == {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "SyncPausePolicy",
        "metadata": {"name": "lincoln", "namespace": stage.namespace},
        "spec": {
            "timeZone": "UTC",
            "schools": ["lincoln"],
            "windows": [{"name": "summer", "firstDay": "2035-06-12", "lastDay": "2035-08-14"}],
        },
    }
    assert stage.items("spp") == []
    stage.kubectl("apply", "-f", "-", stdin=printed)
    edited = yaml.safe_load(plugin.ok("exempt", "lincoln", "--until", "2035-07-01", "--reason", "r", *where))
    assert set(edited) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(edited["metadata"]) == {"name", "namespace"}
    assert plugin.ok("validate", "-", stdin=yaml.safe_dump(edited)) == ""


def test_what_a_person_types_is_read_strictly(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    where = ("-n", stage.namespace, "-y", "--time-zone", "UTC")

    def refused(*args: str, tail: Any = where) -> str:
        answer = plugin(*args, *tail)
        assert answer.code in (2, 3), answer
        return answer.err

    for wrong in ("2035-6-12", "06/12/2035", "12.6.2035", "tomorrow", "2035-02-30", "02-29"):
        told = refused("set-dates", "lincoln", wrong, "2035-08-14")
        assert f'"{wrong}": ' in told
        assert "write" in told or "correct" in told
    assert "put the later day last" in refused("set-dates", "lincoln", "2035-08-14", "2035-06-12")
    assert "both as MM-DD" in refused("set-dates", "lincoln", "06-12", "2035-08-14")
    assert "is it lincoln?" in refused("set-dates", "linclon", "06-12", "08-14")
    assert "not a known time zone" in refused(
        "set-dates", "lincoln", "06-12", "08-14", tail=(*where[:-1], "Mars")
    )
    no_zone = refused("set-dates", "lincoln", "06-12", "08-14", tail=where[:3])
    assert "add --time-zone, such as America/Denver" in no_zone
    assert stage.items("spp") == []
    stage.policy("own", schools=["lincoln"], windows=LAST_YEARS)
    until = ("exempt", "lincoln", "--reason", "r", "--until")
    assert "is in the past: today is" in refused(*until, "2020-07-01", tail=where[:3])
    unknown = refused(*until, day(3), "--application", "rostres", tail=where[:3])
    assert "is it rosters?" in unknown
    assert "there is no terminal to ask on: add --yes" in refused(*until, day(3), tail=where[:2])


def test_it_says_which_policy_it_cannot_choose_or_must_not_change(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    where = ("-n", stage.namespace, "-y")
    none = plugin("exempt", "lincoln", "--until", day(3), "--reason", "r", *where)
    assert (none.code, "no policy decides about lincoln" in none.err) == (3, True), none.err
    stage.policy("both", schools=["lincoln", "roosevelt"], windows=LAST_YEARS)
    shared = plugin("set-dates", "lincoln", "06-12", "08-14", *where)
    assert (shared.code, "spp/both is for roosevelt too" in shared.err) == (2, True)
    stage.policy("second", schools=["lincoln"], windows=LAST_YEARS)
    two = plugin("set-dates", "lincoln", "06-12", "08-14", *where)
    assert (two.code, "name one of them with --policy (both, second)" in two.err) == (2, True)
    plugin.ok("set-dates", "lincoln", "06-12", "08-14", "--policy", "second", *where)
    stage.kubectl("annotate", "spp/second", "-n", stage.namespace, "argocd.argoproj.io/tracking-id=x")
    warned = plugin("set-dates", "lincoln", "06-13", "08-14", "--policy", "second", *where)
    assert "GitOps will revert this edit" in warned.err


def test_a_freeze_is_stronger_than_an_exemption_and_that_is_told(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    stage.policy("own", schools=["lincoln"], windows=around_today())
    freeze = stage.cluster_policy("freeze", enforcement="Enforced", windows=around_today())
    answer = plugin("exempt", "lincoln", "--until", day(3), "--reason", "r", "-n", stage.namespace, "-y")
    assert f"cspp/{freeze} is Enforced and still pauses lincoln" in answer.err
