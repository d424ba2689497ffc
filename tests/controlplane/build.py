"""The six binaries of the control plane, built once per user with Go from the modules pinned in go.sum.

Ready ones are used instead when SYNCPAUSE_CONTROLPLANE_BIN names a directory that has them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from controlplane.failure import BuildError
from controlplane.process import kill_group, spawn, tail
from controlplane.progress import Progress
from controlplane.toolchain import Toolchain, choose
from controlplane.versions import HERE, Release, chosen

BIN_VARIABLE = "SYNCPAUSE_CONTROLPLANE_BIN"
EXPECTED_MINUTES = "about 10"  # 9 beside other work, 16 beside a second cold build; never timed idle


@dataclass(frozen=True, slots=True)
class Target:
    """One binary: the folder of its go.mod, and its package."""

    name: str
    module: Path
    package: str


KWOK = Target("kwok", HERE / "kwok", "sigs.k8s.io/kwok/cmd/kwok")
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
}
NAMES = (*PACKAGES, KWOK.name)


def targets(release: Release) -> tuple[Target, ...]:
    """The six binaries of one release. KWOK is the same for all."""
    return (*(Target(name, release.module, package) for name, package in PACKAGES.items()), KWOK)


def cache() -> Path:
    """The folder that holds this user's control planes."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "syncpause" / "controlplane"


def ready() -> Path | None:
    """The directory with the binaries if nothing need be built, otherwise None.

    Raises BuildError when the environment names a directory that doesn't have them all.
    """
    if given := os.environ.get(BIN_VARIABLE):
        missing = [name for name in NAMES if not (Path(given) / name).is_file()]
        if missing:
            raise BuildError(
                f"{BIN_VARIABLE}={given} has no {', '.join(missing)}; add them or unset the variable"
            )
        return Path(given).absolute()
    finished = cache() / _key(choose(), chosen())
    return finished if finished.is_dir() else None


def binaries() -> Path:
    """The directory with the six binaries; builds them if this user has none of these versions yet.

    Raises BuildError with Go's last words and what to do.
    """
    if done := ready():
        return done
    progress = Progress()
    cache().mkdir(parents=True, exist_ok=True)
    with _lock(cache() / ".lock", progress):
        if done := ready():  # built by the process that held the lock
            return done
        return _build_all(choose(), chosen(), progress)


def _build_all(toolchain: Toolchain, release: Release, progress: Progress) -> Path:
    progress.say(
        f"building the control plane of Kubernetes {release} with Go {toolchain.version},"
        f" {EXPECTED_MINUTES} minutes"
    )
    go = toolchain.ensure(cache(), progress)
    for abandoned in cache().glob(".building-*"):  # we hold the lock, so nobody is at work in them
        shutil.rmtree(abandoned, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=cache()))
    began = time.monotonic()
    try:
        for number, target in enumerate(targets(release), 1):
            label = f"{target.name} ({number} of {len(NAMES)})"
            _build(_command(go, target, release, scratch), target, scratch, progress, label)
        finished = cache() / _key(toolchain, release)
        (scratch / "bin").rename(finished)  # atomic: the set is there as a whole, or not at all
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    progress.say(f"built the control plane in {time.monotonic() - began:.0f} s: {finished}")
    return finished


def _command(go: Path, target: Target, release: Release, scratch: Path) -> list[str | Path]:
    flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", _ldflags(target, release)]
    return [go, "build", *flags, "-o", scratch / "bin" / target.name, target.package]


def _build(command: list[str | Path], target: Target, scratch: Path, progress: Progress, label: str) -> None:
    log = scratch / f"{target.name}.log"
    began = time.monotonic()
    child = spawn(command, log, env=_environment(), cwd=target.module)
    try:
        while child.poll() is None:
            progress.beat(f"{label}: {time.monotonic() - began:.0f} s, {_activity(log)}")
            time.sleep(0.5)
    finally:
        if child.poll() is None:  # Ctrl-C: Go's compilers are in its group, and must not go on without us
            kill_group(child.pid)
            child.wait()
    if child.returncode != 0:
        raise BuildError(_failure(target, child.returncode, log))
    progress.say(f"{label}: done in {time.monotonic() - began:.0f} s")


def _failure(target: Target, code: int, log: Path) -> str:
    ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited {code}"
    return (
        f"go build of {target.name} {ended}. Its last words:\n{tail(log, 20)}\n\n"
        "What to do: if a module could not be downloaded, check the network and `go env GOPROXY`;\n"
        "if the disk or the memory ran out, free some (the build takes 6 GB of disk and 2 GB of memory).\n"
        "Then run it again: what is compiled already is not compiled twice. Or name a directory with ready\n"
        f"binaries in {BIN_VARIABLE}."
    )


def _activity(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    if lines and lines[-1].startswith("go: downloading"):
        return lines[-1].removeprefix("go: ")
    return f"{sum(not line.startswith('go: ') for line in lines)} packages compiled"


def _ldflags(target: Target, release: Release) -> str:
    strip = "-s -w"
    if not target.package.startswith("k8s.io/kubernetes/"):
        return strip
    stamp = {
        "gitVersion": f"v1.{release.minor}.{release.patch}",
        "gitMajor": "1",
        "gitMinor": str(release.minor),
    }
    return " ".join(
        [strip, *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamp.items())]
    )


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "CGO_ENABLED": "0",  # no C compiler needed
        "GOTOOLCHAIN": "local",  # never fetch another Go behind the user's back
        "GOFLAGS": "-mod=readonly",  # the pinned modules, or an error
        "GOWORK": "off",
    }


def _key(toolchain: Toolchain, release: Release) -> str:
    digest = hashlib.sha256(toolchain.version.encode())
    for folder in (release.module, KWOK.module):
        for name in ("go.mod", "go.sum"):
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _lock(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of this user's cache. The kernel releases it when its holder ends."""
    with path.open("w") as held:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.beat(
                    f"another run is building the control plane; waiting, {time.monotonic() - began:.0f} s"
                )
                time.sleep(0.5)
        yield
