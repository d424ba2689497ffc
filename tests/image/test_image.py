"""The image as `make image` builds it, run as a restricted pod runs it."""

from __future__ import annotations

import json

import pytest
from engine import IMAGE, engine, run

from syncpause import __version__

IMPORT_ALL = """
import importlib, pkgutil, syncpause
names = [module.name for module in pkgutil.walk_packages(syncpause.__path__, "syncpause.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""

FOREIGN = """
import csv, json, pathlib
lib = pathlib.Path("/opt/syncpause/lib")
recorded, missing = set(), []
for record in lib.glob("*.dist-info/RECORD"):
    for row in csv.reader(record.open()):
        recorded.add(row[0])
        missing += [] if (lib / row[0]).exists() else [row[0]]
files = {str(file.relative_to(lib)) for file in lib.rglob("*") if file.is_file() and file.suffix != ".pyc"}
print(json.dumps({
    "bin": sorted(path.name for path in (lib.parent / "bin").iterdir()),
    "packages": sorted(path.name.split("-")[0] for path in lib.glob("*.dist-info")),
    "missing": missing,
    "unrecorded": sorted(files - recorded),
    "without licence": sorted(
        path.name for path in lib.glob("*.dist-info")
        if not any("licen" in file.name.lower() or "copying" in file.name.lower() for file in path.rglob("*"))
        and "licen" not in (path / "METADATA").read_text().lower()
    ),
}))
"""

WHO = """
import getpass, os, pwd
print(getpass.getuser(), os.path.expanduser("~"), pwd.getpwuid(65532).pw_name)
"""

FIRST_IMPORT_COMPILES_NOTHING = """
import pathlib
lib = pathlib.Path("/opt/syncpause/lib")
for module in lib.rglob("*.py"):
    compiled = module.parent / "__pycache__" / (module.stem + ".cpython-" + TAG + ".pyc")
    assert compiled.exists(), module
    assert compiled.read_bytes()[4] == 1, f"{compiled} is compared with its source, or with its time"
"""


@pytest.mark.parametrize("user", ["--user=65532:65532", "--user=1000700000:0", "--user=4711:4711"])
def test_every_command_runs_as_any_user_with_nothing_to_write_to(user: str) -> None:
    assert run("--version", user=user) == f"syncpause, version {__version__}"
    assert __version__ in run("--version", entrypoint="syncpause", user=user)
    assert __version__ in run("--version", entrypoint="kubectl-syncpause", user=user)
    assert "status" in run("", entrypoint="kubectl_complete-syncpause", user=user)


def test_every_module_of_the_package_can_be_imported() -> None:
    assert int(run("-c", IMPORT_ALL, entrypoint="python3")) > 50


def test_a_user_without_a_name_has_a_name_and_a_home() -> None:
    assert run("-c", WHO, entrypoint="python3") == "syncpause / syncpause"


def test_the_image_holds_nothing_but_the_locked_packages_and_our_commands() -> None:
    found = json.loads(run("-c", FOREIGN, entrypoint="python3"))
    assert found["bin"] == ["kubectl-syncpause", "kubectl_complete-syncpause", "syncpause"]
    assert not {"pip", "setuptools", "wheel", "uv", "pytest"} & set(found["packages"])
    assert {"syncpause", "kopf", "kubernetes"} <= set(found["packages"])
    assert not found["missing"], "a RECORD names files that are not there"
    assert not found["unrecorded"], "files that no RECORD names"
    assert not found["without licence"]


def test_every_module_is_compiled_without_a_time() -> None:
    tag = run("-c", "import sys; print(sys.implementation.cache_tag.split('-')[1])", entrypoint="python3")
    run("-c", f"TAG = {tag!r}\n{FIRST_IMPORT_COMPILES_NOTHING}", entrypoint="python3")


def test_the_labels_say_what_it_is() -> None:
    labels = json.loads(engine("image", "inspect", "--format", "{{json .Config.Labels}}", IMAGE))
    named = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert named["title"] == "syncpause"
    assert named["version"] == __version__
    assert named["licenses"] == "Apache-2.0"
    assert named["description"]
    assert named["created"].endswith("Z")
    assert len(named["revision"].removesuffix("-dirty")) == 40
