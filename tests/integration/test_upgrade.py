"""An operator that is newer than the CRDs it finds: the main job does not wait for the dashboard."""

from __future__ import annotations

from pathlib import Path

from stage import RunningOperator, Stage, eventually

from controlplane.cluster import start

ROOT = Path(__file__).parents[2]
SUMMER = [{"name": "summer", "firstDay": "06-15", "lastDay": "08-09"}]


async def test_without_the_kind_schoolsync_everything_is_paused_and_lines_come_later() -> None:
    with start() as cluster:
        for kind in ("syncpausepolicies", "clustersyncpausepolicies"):
            cluster.kubectl("apply", "-f", str(ROOT / f"crds/syncpause.dev_{kind}.yaml"))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        cluster.kubectl("apply", "-k", str(ROOT / "manifests/rbac"))
        stage = Stage(cluster)
        stage.sync()
        stage.policy(windows=SUMMER)
        operator = RunningOperator(str(cluster.service_account_kubeconfig("syncpause-system", "syncpause")))
        operator.jump_to("2027-07-01T12:00")
        await operator.start()
        await eventually(stage.is_paused, "paused without the kind SchoolSync")
        cluster.kubectl("apply", "-f", str(ROOT / "crds/syncpause.dev_schoolsyncs.yaml"))
        state = "jsonpath={.items[*].status.state}"

        def line() -> bool:
            shown = cluster.kubectl("get", "schools", "-A", "-o", state, check=False)
            return shown == "Paused"

        await eventually(line, "the line, once there is its kind")
        await operator.stop()
