"""`kubectl syncpause preview`: what would change, from live objects, with nothing written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from plugin import Plugin
from stage import Stage

from controlplane.cluster import Cluster


def policy(stage: Stage, name: str = "summer", **spec: Any) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "SyncPausePolicy",
            "metadata": {"name": name},
            "spec": {"timeZone": "America/Denver", "schools": ["lincoln"], **spec},
        }
    )


def dated(first: str, last: str) -> list[dict[str, str]]:
    return [{"name": "summer", "firstDay": first, "lastDay": last}]


def around_today() -> list[dict[str, str]]:
    today = datetime.now(UTC).date()
    return dated((today - timedelta(days=2)).isoformat(), (today + timedelta(days=2)).isoformat())


def versions(stage: Stage) -> list[str]:
    """Of what we may write; Kubernetes' own Events are none of ours."""
    return [
        item["metadata"]["resourceVersion"]
        for item in stage.items("cronjobs,deployments,spp,schools,events")
        if item["kind"] != "Event" or item.get("source", {}).get("component") == "syncpause"
    ]


def test_preview_tells_what_would_pause_and_writes_nothing(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    stage.ingest()
    stage.sync("other", school="roosevelt")
    stage.kubectl("rollout", "status", "deployment/ingest", "-n", stage.namespace, "--timeout=60s")
    before = versions(stage)
    told = plugin.ok("preview", "-f", "-", "-n", stage.namespace, stdin=policy(stage, windows=around_today()))
    assert "lincoln   Syncing → Paused   1 CronJob and 1 Deployment pause   nothing → Resume" in told
    assert "paused by spp/summer" in told
    assert told.endswith("1 school would change, 1 would not. Nothing was written.\n")
    assert versions(stage) == before
    answer = plugin(
        "preview", "-f", "-", "-n", stage.namespace, "-o", "json", stdin=policy(stage, windows=around_today())
    )
    assert answer.data[0]["pauses"] == ["cronjob/rosters", "deployment/ingest"]


def test_exit_code_tells_a_pipeline_whether_anything_changes(
    cluster: Cluster, stage: Stage, tmp_path: Path
) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    (tmp_path / "policy.yaml").write_text(policy(stage, windows=dated("2035-06-12", "2035-08-14")))
    (tmp_path / "other.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    where = ("-f", str(tmp_path), "-n", stage.namespace, "--exit-code")
    changed = plugin("preview", *where)
    assert changed.code == 1
    assert "nothing → Pause 2035-06-12 00:00 MDT" in changed.out
    stage.policy(timeZone="America/Denver", schools=["lincoln"], windows=dated("2035-06-12", "2035-08-14"))
    same = plugin("preview", *where)
    assert (same.code, same.out) == (0, "0 schools would change, 1 would not. Nothing was written.\n")
    assert plugin("preview", *where, "--delete").code == 1


def test_at_shows_another_day_said_back_with_its_weekday(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    text = policy(stage, windows=dated("2035-06-12", "2035-08-14"))
    told = plugin.ok("preview", "-f", "-", "-n", stage.namespace, "--at", "2035-06-12", stdin=text)
    assert told.startswith("On Tuesday 2035-06-12, at its first instant in each school's own zone:\n")
    assert "Syncing → Paused" in told
    minute_before = plugin.ok(
        "preview", "-f", "-", "-n", stage.namespace, "--at", "2035-06-11T23:59:00-06:00", stdin=text
    )
    assert "Syncing → Paused" not in minute_before
    for wrong in ("12.6.2035", "2035-6-12", "tomorrow", "2035-02-30", "2035-06-12T00:00:00"):
        answer = plugin("preview", "-f", "-", "-n", stage.namespace, "--at", wrong, stdin=text)
        assert (answer.code, "write a day as 2027-06-12" in answer.err) == (2, True), answer.err


def test_bad_policies_and_no_policies_are_wrong_usage(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    bad = plugin("preview", "-f", "-", "-n", stage.namespace, stdin=policy(stage, windows=dated("x", "y")))
    assert bad.code == 2
    assert "SyncPausePolicy/summer: spec.windows[0].firstDay" in bad.err
    none = plugin("preview", "-f", "-", stdin="")
    assert (none.code, "there is no policy in -" in none.err) == (2, True)


def test_cluster_policies_are_previewed_over_all_namespaces(cluster: Cluster, stage: Stage) -> None:
    plugin = Plugin(cluster)
    stage.sync()
    body = yaml.safe_dump(
        {
            "apiVersion": "syncpause.dev/v1alpha1",
            "kind": "ClusterSyncPausePolicy",
            "metadata": {"name": f"freeze-{stage.namespace}"},
            "spec": {
                "timeZone": "UTC",
                "enforcement": "Enforced",
                "namespaceSelector": {"matchLabels": {"stage": stage.namespace}},
                "windows": around_today(),
            },
        }
    )
    answer = plugin("preview", "-f", "-", "-o", "yaml", stdin=body)
    assert [item["namespace"] for item in yaml.safe_load(answer.out)] == [stage.namespace]
