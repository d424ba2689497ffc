"""Manifests in files: YAML or JSON, with several objects in one file, each with its line numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from syncpause.api.errors import Location

STDIN = "-"
SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class Unreadable(Exception):
    """A file cannot be opened, or is not text."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at a place in a file; ``line`` counts from 1."""

    file: str
    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and its place."""

    file: str
    body: dict[str, Any]
    node: yaml.Node

    @property
    def name(self) -> str:
        """Kind and name, as ``SyncPausePolicy/summer``."""
        metadata = self.body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return f"{self.body.get('kind') or 'object'}/{name or '?'}"

    def line(self, location: Location = ()) -> int:
        """The line of a field, or of the nearest field around it that the file has."""
        node = self.node
        for part in location:
            found = _child(node, part)
            if found is None:
                break
            node = found
        return node.start_mark.line + 1


class _Loader(yaml.SafeLoader):
    """Reads YAML as kubectl does: a date without quotes is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(paths: Iterable[str]) -> Iterator[Manifest | Mistake]:
    """Every object in files, in the files of folders, and in stdin (``-``). Raises Unreadable."""
    for path in paths:
        for file, text in _texts(path):
            yield from _objects(file, text)


def _texts(path: str) -> Iterator[tuple[str, str]]:
    if path == STDIN:
        yield "<stdin>", _text("<stdin>", sys.stdin.buffer.read() if sys.stdin else b"")
        return
    where = Path(path)
    try:
        found = [where]
        if where.is_dir():
            found = sorted(file for file in where.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        for file in found:
            yield str(file), _text(str(file), file.read_bytes())
    except OSError as error:
        raise Unreadable(f"{error.filename or where}: {error.strerror}") from None
    except ValueError:  # a NUL
        raise Unreadable(f"{path}: not the name of a file") from None


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file}: not UTF-8 text ({error.reason} at byte {error.start})") from None


def _objects(file: str, text: str) -> Iterator[Manifest | Mistake]:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        yield Mistake(file, line, f"not valid YAML: the character U+{error.character:04X} is not allowed")
        return
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None
            body = loader.construct_document(node)
            yield from _unpacked(file, body, node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        yield Mistake(file, line, f"not valid YAML: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield Mistake(file, 1, f"not valid YAML: {error}")
    finally:
        loader.dispose()


def _unpacked(
    file: str, body: Any, node: yaml.Node, *, in_list: bool = False
) -> Iterator[Manifest | Mistake]:
    """The object of a document, or the objects of a List; nothing for an empty document.

    A List in a List is refused: with aliases a few lines would become millions of objects.
    """
    if body is None:
        return
    if not isinstance(body, dict):
        yield Mistake(
            file, node.start_mark.line + 1, "not a Kubernetes object: write apiVersion, kind, metadata"
        )
        return
    items = _child(node, "items")
    if str(body.get("kind", "")).endswith("List") and isinstance(items, yaml.SequenceNode):
        if in_list:
            yield Mistake(file, node.start_mark.line + 1, "a List in a List: write its objects into one List")
            return
        for item, child in zip(body["items"], items.value, strict=True):
            yield from _unpacked(file, item, child, in_list=True)
        return
    yield Manifest(file, body, node)


def _child(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None
