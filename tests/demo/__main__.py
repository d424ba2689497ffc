"""`make demo`: exits 0 if every step was as promised, 1 at the first lie, 130 at Ctrl-C, 143 at SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from controlplane import BuildError, ClusterError, KubectlError
from demo.expect import Lie
from demo.stage import ROOT, Stage, a_cluster, the_operator
from demo.story import Story
from demo.telling import Teller


def main() -> int:
    """Tell the story from an empty cluster to the end of the summer."""
    signal.signal(signal.SIGTERM, _leave)
    os.chdir(ROOT)  # so that the commands which are shown can be typed
    teller = Teller()
    try:
        with a_cluster(keep=os.environ.get("KEEP") == "1", teller=teller) as cluster:
            story = Story(Stage(cluster, teller), teller)
            story.prepare()
            with the_operator(cluster, teller) as operator:
                teller.command("syncpause run &", f"ready; log in {operator.log}")
                story.tell()
                operator.terminate()
                teller.checked("the operator finished its work at SIGTERM and exited 0")
    except (Lie, ClusterError, BuildError, KubectlError) as error:
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
