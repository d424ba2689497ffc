"""The pages: links and paths resolve, examples are valid, the reference is complete, and lines are short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import syncpause.controller.metrics
import syncpause.unhandled  # noqa: F401 - both register metrics
from syncpause.api import names
from syncpause.api.resources import KINDS
from syncpause.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator" / "syncpause"
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])
PICTURES = sorted(ROOT.glob("docs/images/*"))
COLUMNS = 120

FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
MAKE = re.compile(r"\bmake ([a-z][a-z0-9-]*)")
LOADED = re.compile(r"""(?:href|src)\s*=\s*["'](?!#)|url\(\s*["']?(?!#)|@import|<script|<image""")

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose(path)))
    return {heading.replace(" ", "-") for heading in found}


@page
def test_no_line_is_too_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > COLUMNS] == []


@page
def test_relative_links_and_their_anchors_resolve(path: Path) -> None:
    broken = []
    for link in filter(None, (found for pair in LINK.findall(prose(path)) for found in pair)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@page
def test_paths_and_targets_of_make_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = CODE.findall(prose(path))
    missing = [span for span in code if _is_path(span) and not _exists(span)]
    in_code = [*code, *re.findall(r"^ {4}.*$", text, re.MULTILINE), *FENCE.findall(text)]
    missing += [f"make {name}" for span in in_code for name in MAKE.findall(span) if name not in targets]
    assert missing == []


def _is_path(span: str) -> bool:
    """A path of this repository: it begins in one of its folders, or is the name of a module or a page."""
    if not re.fullmatch(r"[\w.][\w./-]*", span):
        return False
    first, slash, _ = span.partition("/")
    return (bool(slash) and first in _folders()) or span.endswith((".py", ".md"))


def _folders() -> set[str]:
    found = {each.name for root in (ROOT, SOURCE) for each in root.iterdir() if each.is_dir()}
    return {name for name in found if not name.startswith(".") or name in {".ci", ".github"}}


def _exists(span: str) -> bool:
    if "/" in span:
        return any((root / span).exists() for root in (ROOT, SOURCE))
    folders = ("operator", "tests", "docs", "image")
    return (ROOT / span).exists() or any(any((ROOT / folder).rglob(span)) for folder in folders)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_load_nothing(path: Path) -> None:
    assert LOADED.findall(path.read_text(encoding="utf-8")) == []


@page
def test_pictures_of_a_page_are_in_the_repository(path: Path) -> None:
    assert [link for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", prose(path)) if ":" in link] == []


@page
def test_examples_of_policies_are_valid(path: Path) -> None:
    kinds = {kind.KIND: kind for kind in KINDS}
    for example in examples(path):
        # kubectl, unlike a YAML 1.1 parser, takes a bare date for a string.
        document = yaml.load(example, Loader=yaml.BaseLoader)
        if isinstance(document, dict) and document.get("apiVersion") == names.API_VERSION:
            kinds[document["kind"]].parse(document)


def examples(path: Path) -> Iterator[str]:
    """Blocks of YAML: fenced ones, and indented ones that begin with apiVersion."""
    text = path.read_text(encoding="utf-8")
    yield from re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    yield from re.findall(r"^    apiVersion.*\n(?:    .*\n)+", text, re.MULTILINE)


def test_every_setting_has_its_flag_and_default_in_the_reference() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    for setting in fields(Settings):
        default = str(setting.default).lower() if isinstance(setting.default, bool) else setting.default
        shown = f"`{default}`" if default != "" else ""
        assert f"| `--{setting.name.replace('_', '-')}` | {shown}".rstrip() in text


def test_every_metric_is_in_the_reference() -> None:
    text = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    for metric in REGISTRY.collect():
        if metric.name.startswith("syncpause_"):
            name = f"{metric.name}_total" if metric.type == "counter" else metric.name
            assert f"| `{name}` | {metric.type} |" in text


def test_every_label_and_annotation_is_in_the_reference() -> None:
    text = (REFERENCE / "labels-and-annotations.md").read_text(encoding="utf-8")
    keys = {value for value in vars(names).values() if str(value).startswith(f"{names.GROUP}/")}
    missing = [key for key in keys - {names.API_VERSION} if f"`{key}`" not in text]
    assert missing == []


def test_every_reason_is_in_the_reference() -> None:
    text = (REFERENCE / "conditions-and-events.md").read_text(encoding="utf-8")
    status = {
        word
        for name in ("conditions", "announcements")
        for word in camel_case(ast.parse((SOURCE / f"domain/status/{name}.py").read_text(encoding="utf-8")))
    }
    warnings = {
        word
        for file in (SOURCE / "controller").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "warn"
        for word in camel_case(call)
    }
    assert len(status) > 20
    assert {"RestoreStateLost", "StrayJob"} <= warnings
    known = {"True", "False", "Normal", "Warning"}
    assert [each for each in sorted((status | warnings) - known) if f"`{each}`" not in text] == []


def camel_case(tree: ast.AST) -> set[str]:
    """Strings of one word in CamelCase: reasons are written so."""
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {word for word in found if isinstance(word, str) and re.fullmatch(r"(?:[A-Z][a-z]+)+", word)}
