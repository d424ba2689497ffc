"""The operator under measurement: a process of its own, with the shipped rights, as a pod would run it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import process
from controlplane.process import die_with_parent

ROOT = Path(__file__).parents[2]
SYNCED = "synced and leading"


def _environment() -> dict[str, str]:
    """Without a grace: an edit just after the start waits for it, and that wait is not what is measured."""
    paths = f"{ROOT / 'operator'}:{ROOT / 'tests'}"
    return {**os.environ, "PYTHONPATH": paths, "SYNCPAUSE_DELETION_GRACE": "0"}


class Subject:
    """`syncpause run`, with a clock that runs so many seconds ``ahead``."""

    number = 0

    def __init__(self, kubeconfig: Path, directory: Path, *flags: str, ahead: float = 0.0) -> None:
        Subject.number += 1
        self.log = directory / f"operator-{Subject.number}.log"
        self._flags = ("--kubeconfig", str(kubeconfig), "--listen", "", *flags)
        self._ahead = ahead
        self.pid = 0
        self.synced_after = 0.0

    async def __aenter__(self) -> Self:
        await self.start()
        self.synced_after = await self.until(SYNCED)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        command = [sys.executable, "-m", "bench.shifted", str(self._ahead), *self._flags]
        if not self._ahead:
            command = [str(Path(sysconfig.get_path("scripts")) / "syncpause"), "run", *self._flags]
        self.started = time.monotonic()
        self._process = self._spawn(command)
        self.pid = self._process.pid

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - takes no lock
            )

    async def until(self, words: str, seconds: float = 300.0) -> float:
        """Seconds from its start until it has logged these words."""
        while words not in self.log.read_text(errors="replace"):
            if self._process.poll() is not None or time.monotonic() - self.started > seconds:
                raise RuntimeError(f"the operator never said {words!r}:\n{self.log.read_text()[-2000:]}")
            await asyncio.sleep(0.01)
        return time.monotonic() - self.started

    async def stop(self) -> None:
        """End it in peace, if it still runs."""
        self._process.terminate()
        await asyncio.to_thread(self._process.wait)

    async def kill(self) -> None:
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    @property
    def cpu(self) -> float:
        return process.cpu_seconds(self.pid)
