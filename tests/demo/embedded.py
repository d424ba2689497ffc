"""The story on the embedded control plane."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from controlplane import Cluster, start
from controlplane.__main__ import PLAYGROUND, exports
from controlplane.access import health
from controlplane.components import free_ports
from controlplane.failure import ClusterError
from controlplane.process import kill_group, spawn, tail, wait_until
from demo.expect import Lie
from demo.stage import Stage
from demo.telling import Teller

STOP_SECONDS = 10  # what the operator promises to need at most, from SIGTERM to its exit


class OperatorProcess:
    """`syncpause run` with the rights of its own ServiceAccount."""

    def __init__(self, cluster: Cluster) -> None:
        self.log = cluster.directory / "logs" / "syncpause.log"
        self.kubeconfig = cluster.service_account_kubeconfig("syncpause-system", "syncpause")
        self._address = f"127.0.0.1:{free_ports().apiserver}"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SYNCPAUSE_")},
            "KUBECONFIG": str(self.kubeconfig),
            "SYNCPAUSE_LISTEN": self._address,
        }
        command = Path(sysconfig.get_path("scripts")) / "syncpause"
        self._process: subprocess.Popen[bytes] = spawn([command, "run"], self.log, env=environment)

    def wait_ready(self) -> None:
        """Wait until /readyz says so. Raises ClusterError with the end of its log."""

        def probe() -> str | None:
            if (code := self._process.poll()) is not None:
                raise ClusterError(f"syncpause run exited with {code}; its log ends:\n{tail(self.log)}")
            return health(f"http://{self._address}/readyz")

        wait_until("the operator to be ready", probe, seconds=30, evidence=lambda: tail(self.log))

    def terminate(self) -> None:
        """SIGTERM, as Kubernetes would; raises a Lie unless it exits 0 in time."""
        promise = f"the operator exits 0 within {STOP_SECONDS} s of SIGTERM"
        if (code := self._process.poll()) is not None:
            raise Lie(
                "the operator runs until it is told to stop", f"it exited with {code}: {tail(self.log)}"
            )
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Lie(promise, f"it still runs; its log ends:\n{tail(self.log)}") from None
        if code:
            raise Lie(promise, f"it exited with {code}; its log ends:\n{tail(self.log)}")

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._process.poll() is None:
            kill_group(self._process.pid)
            self._process.wait()


class Embedded:
    """The embedded control plane; the operator is a process of this machine."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def install(self, stage: Stage) -> None:
        """The CRDs and the rights."""
        stage.kubectl("apply -k crds")
        stage.kubectl("apply -k manifests/rbac")

    @contextlib.contextmanager
    def operator(self, teller: Teller) -> Iterator[None]:
        """The process, ready; gone afterwards, by SIGTERM. At a lie, the end of its log is shown first."""
        process = OperatorProcess(self.cluster)
        try:
            process.wait_ready()
            teller.command("syncpause run &", f"ready; log in {process.log}")
            yield
            process.terminate()
            teller.checked("the operator finished its work at SIGTERM and exited 0")
        except Lie:
            teller.command(f"tail {process.log}", tail(process.log, 25))
            raise
        finally:
            process.end()


@contextlib.contextmanager
def embedded(*, keep: bool, teller: Teller) -> Iterator[Embedded]:
    """A cluster that is gone afterwards, however the story ends; with `keep` it stays in `.cluster`."""
    if not keep:
        with tempfile.TemporaryDirectory(prefix="syncpause-demo-") as place, start(Path(place)) as cluster:
            yield Embedded(cluster)
        return
    if PLAYGROUND.exists():
        raise ClusterError(
            f"KEEP=1 would leave the cluster in {PLAYGROUND}, but one is there: make cluster-stop"
        )
    cluster = start(PLAYGROUND, outlive=True)
    try:
        yield Embedded(cluster)
    finally:
        teller.say(
            "\nThe cluster stays up, without the operator (`make run`); `make cluster-stop` ends it.\n"
            f"{exports(cluster)}"
        )
