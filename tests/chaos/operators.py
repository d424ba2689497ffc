"""Operators that start in a moment: forked from a process that has everything imported already.

`python -m chaos.operators` reads one order per line (JSON) and answers with the child's process id. It is the
operator as `syncpause run` starts it, with a clock that is set from outside: a file holds seconds to add.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controlplane.process import die_with_parent


class SetClock:
    """The wall clock, and seconds to add to it that are shared through a file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    @property
    def offset(self) -> float:
        return float(struct.unpack("d", self._shared[:8])[0])

    @offset.setter
    def offset(self, seconds: float) -> None:
        self._shared[:8] = struct.pack("d", seconds)


class Child:
    """One operator process."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that is gone gets none."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """As `kill -9`; returns when it is gone."""
        self.signal(signal.SIGKILL)
        while self.alive:
            time.sleep(0.002)

    def resident_kib(self) -> int:
        """Memory that it holds just now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


class OperatorPool:
    """Starts children until it is closed; they end with it."""

    def __init__(self, directory: Path, path: str) -> None:
        self._directory = directory
        self._number = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chaos.operators"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - takes no lock
        )

    def start(self, kubeconfig: str, clock: Path | None = None, **settings: Any) -> Child:
        self._number += 1
        log = self._directory / f"operator-{self._number}.log"
        log.touch()
        chosen = {"kubeconfig": kubeconfig, "listen": "", "status_interval": 0.2, "log_level": "debug"}
        order = {"log": str(log), "clock": str(clock or ""), "settings": {**chosen, **settings}}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()), log)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def _serve() -> None:
    """Fork a child for each order, until there are no more."""
    from syncpause import __main__, handlers, logs  # noqa: F401, PLC0415 - everything, before the first fork
    from syncpause.controller import health, operator  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes them away when they end
    end_with_us = die_with_parent()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if end_with_us:
                end_with_us()
            _child(json.loads(line))
        print(pid, flush=True)


def _child(order: dict[str, Any]) -> None:
    from syncpause.__main__ import serve  # noqa: PLC0415
    from syncpause.controller.clock import wall_clock  # noqa: PLC0415
    from syncpause.logs import configure  # noqa: PLC0415
    from syncpause.settings import Settings  # noqa: PLC0415

    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    settings = Settings(**order["settings"])
    configure(settings.log_format, settings.log_level)
    clock = SetClock(Path(order["clock"])) if order["clock"] else wall_clock
    code = 70
    try:
        code = asyncio.run(serve(settings, clock))
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
