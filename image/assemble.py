"""Assembles the image's /opt/syncpause in the build stage, with a Python that has pip or venv."""

from __future__ import annotations

import argparse
import compileall
import configparser
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from py_compile import PycInvalidationMode

GENERATED = [
    f"kubernetes/{client}/{part}" for client in ("client", "aio/client") for part in ("api", "models")
]
"""One module per API group and per object. The package imports each at its first use, and syncpause decodes
objects by itself: all but three of these 2,000 modules are never imported."""

_IMPORT_ALL = """
import importlib, pkgutil, sys
import syncpause
for module in pkgutil.walk_packages(syncpause.__path__, "syncpause."):
    importlib.import_module(module.name)
files = {getattr(module, "__file__", None) for module in sys.modules.values()}
print(*filter(None, files), sep="\\n")
"""

_SCRIPT = """#!/usr/bin/env python3
import sys

from {module} import {function}

sys.exit({function}())
"""


def python(*arguments: str, path: Path | None = None) -> str:
    """Run this interpreter, with ``path`` before its own packages. Raises CalledProcessError."""
    env = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    if path:
        env["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *arguments], check=True, env=env, stdout=subprocess.PIPE, text=True
    ).stdout


def pip() -> list[str]:
    """The interpreter's own pip, else one in a venv. Neither installs into the interpreter's own folders."""
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        venv = Path("/tmp/pip")
        if not venv.exists():
            python("-m", "venv", str(venv))
        return [str(venv / "bin/python"), "-m", "pip"]
    return [sys.executable, "-m", "pip"]


def install(target: Path, *what: str) -> None:
    """Install to ``target``, without the time stamps that compiled files carry."""
    command = ["install", "--no-cache-dir", "--no-compile", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip(), *command, "--root-user-action", "ignore", "--target", str(target), *what], check=True
    )


def dependencies(root: Path) -> None:
    """Everything that requirements.lock names."""
    install(root / "lib", "--require-hashes", "--requirement", "requirements.lock")


def syncpause(root: Path) -> None:
    """The package itself, built by the locked tools, which stay outside of ``root``."""
    with tempfile.TemporaryDirectory() as scratch:
        tools, wheels = Path(scratch, "tools"), Path(scratch, "wheels")
        install(tools, "--require-hashes", "--requirement", "requirements-build.lock")
        env = {**os.environ, "PYTHONPATH": str(tools)}
        build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), "."]
        subprocess.run([*pip(), *build], check=True, env=env)
        install(root / "lib", "--no-deps", "--no-index", *map(str, wheels.glob("*.whl")))
    for location in (root / "lib").glob("syncpause-*.dist-info/direct_url.json"):
        location.unlink()  # a folder of the build stage


def prune(lib: Path) -> None:
    """Remove other packages' scripts, and generated modules of the Kubernetes client that nothing imports."""
    shutil.rmtree(lib / "bin", ignore_errors=True)
    loaded = set(python("-P", "-c", _IMPORT_ALL, path=lib).splitlines())
    for folder in GENERATED:
        modules = [module for module in (lib / folder).glob("*.py") if module.name != "__init__.py"]
        if not modules:
            raise SystemExit(
                f"{folder} holds no modules: the kubernetes package has changed, look at GENERATED"
            )
        for module in modules:
            if str(module) not in loaded:
                module.unlink()
    for record in lib.glob("*.dist-info/RECORD"):
        _keep_what_exists(record)


def _keep_what_exists(record: Path) -> None:
    """Make a RECORD name the files that are there; scanners read it as the list of a package's files."""
    with record.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row and (record.parent.parent / row[0]).exists()]
    with record.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(sorted(rows))


def scripts(root: Path) -> None:
    """The package's own commands, run by the python3 of the PATH wherever that is."""
    parser = configparser.ConfigParser(delimiters="=")
    (declared,) = (root / "lib").glob("syncpause-*.dist-info/entry_points.txt")
    parser.read(declared)
    (root / "bin").mkdir(exist_ok=True)
    for name, entry in parser["console_scripts"].items():
        module, function = entry.split(":")
        script = root / "bin" / name
        script.write_text(_SCRIPT.format(module=module, function=function))
        script.chmod(0o755)


def compiled(lib: Path) -> None:
    """Compile everything. The result holds no time, and Python does not compare it with the source."""
    paths = {"stripdir": str(lib), "prependdir": "/opt/syncpause/lib"}
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(lib, maxlevels=50, quiet=1, invalidation_mode=mode, workers=1, **paths):
        raise SystemExit("a module of the image does not compile")


def users(passwd: Path, number: int = 65532) -> None:
    """Add a name for the number that the image runs as: libraries that look the user up find one."""
    known = passwd.read_text()
    if f":x:{number}:" not in known:
        passwd.write_text(f"{known.rstrip()}\nsyncpause:x:{number}:{number}::/:/usr/sbin/nologin\n".lstrip())


def settled(root: Path, epoch: int) -> None:
    """One time and plain rights for every file: two builds of one commit give the same layer."""
    for path in [root, *root.rglob("*")]:
        executable = path.is_dir() or path.parent == root / "opt/syncpause/bin"
        path.chmod(0o755 if executable else 0o644)
        os.utime(path, (epoch, epoch))


def main() -> None:
    """Run one step: what changes rarely is a layer of its own in the build stage's cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["dependencies", "syncpause"])
    parser.add_argument("--root", type=Path, required=True, help="what is to be copied to / of the image")
    parser.add_argument("--epoch", type=int, default=0, help="seconds since 1970: the time of every file")
    arguments = parser.parse_args()
    root = arguments.root / "opt/syncpause"
    root.mkdir(parents=True, exist_ok=True)
    if arguments.step == "dependencies":
        dependencies(root)
        return
    syncpause(root)
    prune(root / "lib")
    scripts(root)
    compiled(root / "lib")
    users(arguments.root / "etc/passwd")
    settled(arguments.root, arguments.epoch)


if __name__ == "__main__":
    main()
