"""``validate``: checks policies by the API server's rules, offline, with file and line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import click

from syncpause.api.errors import Fault, field_path
from syncpause.cli.checking import check, is_ours
from syncpause.cli.failure import ANSWER_IS_NO, WrongInput
from syncpause.cli.manifests import Manifest, Mistake, Unreadable, read
from syncpause.cli.options import output_option
from syncpause.cli.output import echo, write_structured
from syncpause.domain.sentences import plural


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake and its place. ``object`` and ``field`` are empty where the file cannot be read."""

    severity: Literal["error", "warning"]
    file: str
    line: int
    object: str
    field: str
    message: str

    def __str__(self) -> str:
        parts = (f"{self.file}:{self.line}", self.object, self.field, self.message)
        sentence = ": ".join(part for part in parts if part)
        return sentence if self.severity == "error" else f"{sentence} (warning)"

    @property
    def for_github(self) -> str:
        """A GitHub workflow command, which annotates the line in a pull request."""
        message = str(self).replace("%", "%25").replace("\n", "%0A")
        return f"::{self.severity} file={self.file},line={self.line}::{message}"


@click.command(epilog="As a pre-commit hook: entry: kubectl-syncpause validate, types_or: [yaml, json].")
@click.argument("files", nargs=-1, required=True)
@output_option("text", "json", "github")
def validate(files: tuple[str, ...], output: str) -> None:
    """Check policies in FILES by the API server's rules, offline.

    FILES may be folders, or - for stdin. Objects of other kinds are skipped. Exits with 1 where the API
    server would refuse a policy.
    """
    try:
        found = list(read(files))
    except Unreadable as error:
        raise WrongInput(str(error)) from None
    findings = [finding for item in found for finding in _judge(item)]
    ours = [item for item in found if isinstance(item, Manifest) and is_ours(item)]
    findings += _twice(ours)
    if output == "json":
        write_structured([asdict(finding) for finding in findings], "json")
    for finding in findings if output != "json" else ():
        echo(finding.for_github if output == "github" else str(finding))
    errors = [finding for finding in findings if finding.severity == "error"]
    if output == "text":
        echo(_summary(found, ours, errors), err=True)
    if errors:
        raise SystemExit(ANSWER_IS_NO)


def _judge(item: Manifest | Mistake) -> Iterable[Finding]:
    if isinstance(item, Mistake):
        return [Finding("error", item.file, item.line, "", "", item.sentence)]
    return [_error(item, fault) for fault in check(item)] if is_ours(item) else []


def _error(item: Manifest, fault: Fault) -> Finding:
    line = item.line(fault.location)
    return Finding("error", item.file, line, item.name, field_path(fault.location), fault.sentence)


def _twice(ours: list[Manifest]) -> list[Finding]:
    """Warnings for objects with one name: the last one applied wins."""
    first: dict[tuple[str, str], Manifest] = {}
    findings = []
    for item in ours:
        metadata = item.body.get("metadata")
        namespace = str(metadata.get("namespace", "")) if isinstance(metadata, dict) else ""
        known = first.setdefault((item.name, namespace), item)
        if known is not item and not item.name.endswith("/?"):
            sentence = f"the same object as at {known.file}:{known.line()}: the last one applied wins"
            findings.append(Finding("warning", item.file, item.line(), item.name, "metadata.name", sentence))
    return findings


def _summary(found: list[Manifest | Mistake], ours: list[Manifest], errors: list[Finding]) -> str:
    wrong = {(error.file, error.object) for error in errors}
    good = sum((item.file, item.name) not in wrong for item in ours)
    others = sum(isinstance(item, Manifest) for item in found) - len(ours)
    parts = [plural(good, "good policy", "good policies")]
    if errors:
        parts.append(plural(len(errors), "error"))
    if others:
        parts.append(f"{plural(others, 'object')} of other kinds skipped")
    return ", ".join(parts)
