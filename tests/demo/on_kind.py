"""The story on a kind cluster: real pods, and the operator as it is installed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from demo.expect import Lie
from demo.stage import ROOT, Stage
from demo.telling import Teller
from kind import images
from kind.cluster import Kind, attach
from kind.install import DEPLOYMENT, NAMESPACE, overlay, wait_ready

PLATFORM = "manifests/samples/platform"
POLICIES = "manifests/samples/policies"


class OnKind:
    """A kind cluster; the operator is the Deployment of manifests/default."""

    def __init__(self, cluster: Kind) -> None:
        self.cluster = cluster

    def install(self, stage: Stage) -> None:
        """The image on every node, and manifests/default with it."""
        image = images.operator(self.cluster)
        with overlay(image, ROOT) as folder:
            stage.kubectl(f"apply -k {Path(folder).relative_to(ROOT)}")

    @contextlib.contextmanager
    def operator(self, teller: Teller) -> Iterator[None]:
        """The Deployment, rolled out. At a lie, the end of its log is shown first."""
        wait_ready(self.cluster)
        stage = Stage(self.cluster, teller)
        stage.kubectl(f"get pods --namespace {NAMESPACE} --output=wide")
        try:
            yield
        except Lie:
            stage.kubectl(f"logs {DEPLOYMENT} --namespace {NAMESPACE} --all-pods --tail=25")
            raise


@contextlib.contextmanager
def on_kind(*, keep: bool, teller: Teller) -> Iterator[OnKind]:
    """The cluster of `make kind`. The platform and its policies are gone afterwards, unless `keep`."""
    cluster = attach()
    try:
        yield OnKind(cluster)
    finally:
        if not keep:
            for what in (["-f", POLICIES], ["-k", PLATFORM]):
                cluster.kubectl("delete", *what, "--ignore-not-found", check=False)
        teller.say("\nThe cluster stays up, with the operator; `make kind-stop` deletes it.")
