"""`make demo`: exits 0 if every step was as promised, 1 at the first lie, 130 at Ctrl-C, 143 at SIGTERM.

CLUSTER=kind tells the story on a kind cluster. KEEP=1 leaves all of it in place.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType

from controlplane import BuildError, ClusterError, KubectlError
from demo.embedded import embedded
from demo.expect import Lie
from demo.on_kind import on_kind
from demo.stage import ROOT, Place, Stage
from demo.story import Story
from demo.telling import Teller
from kind.tools import MissingTool

PLACES: dict[str, Callable[..., AbstractContextManager[Place]]] = {"": embedded, "kind": on_kind}


def main() -> int:
    """Tell the story from an empty cluster to the end of the summer."""
    signal.signal(signal.SIGTERM, _leave)
    os.chdir(ROOT)  # so that the commands which are shown can be typed
    teller = Teller()
    place = PLACES.get(chosen := os.environ.get("CLUSTER", ""))
    if place is None:
        teller.failed(f"CLUSTER={chosen} is no place for the story: leave it out, or say CLUSTER=kind")
        return 2
    try:
        with place(keep=os.environ.get("KEEP") == "1", teller=teller) as here:
            story = Story(Stage(here.cluster, teller), teller)
            story.prepare(here)
            with here.operator(teller):
                story.tell()
    except (Lie, ClusterError, BuildError, KubectlError, MissingTool) as error:
        teller.failed(str(error))
        return 1
    except KeyboardInterrupt:
        teller.failed("interrupted")
        return 130
    teller.say(f"\nEverything was as promised, in {teller.elapsed}.")
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
