"""Child processes that end with their parent, and waiting for a condition with a deadline."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from controlplane.failure import ClusterError

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def die_with_parent() -> Callable[[], None] | None:
    """What a child runs before exec so that the kernel kills it whenever this process ends.

    Linux only (None elsewhere). The signal follows the death of the *thread* that started the child, so start
    processes from a thread that lives as long as they should.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel knew
            os.kill(os.getpid(), signal.SIGKILL)

    return before_exec


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    outlive: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own, with its output appended to `log`.

    With `outlive` it runs on after we exit; without, the kernel ends it with us.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=None if outlive else die_with_parent(),  # noqa: PLW1509 - takes no lock
        )


def kill_group(pid: int) -> None:
    """End the process group that `pid` leads, at once; a group that no longer exists is no error."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def command_line(pid: int) -> str:
    """The command line of a running process, empty when there is none with this id."""
    seen = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return seen.stdout.strip()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a failure's message."""
    if not log.exists():
        return f"({log} does not exist)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(
    what: str,
    probe: Callable[[], str | None],
    *,
    seconds: float = 60.0,
    pause: float = 0.05,
    evidence: Callable[[], str] = str,
) -> None:
    """Wait until `probe` returns None; any string it returns is what it sees instead.

    Raises ClusterError with what was seen last, and `evidence()`, once `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while (seen := probe()) is not None:
        if time.monotonic() > deadline:
            raise ClusterError(f"waited {seconds:.0f} s for {what}; last seen: {seen}\n{evidence()}".rstrip())
        time.sleep(pause)
