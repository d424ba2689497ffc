"""`validate` gives the API server's answers, without one, and points at the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from policies.bad import BAD
from policies.good import GOOD
from policies.table import Bad, Good, Kind, case_id, cases, manifest
from syncpause.cli.checking import check
from syncpause.cli.main import main
from syncpause.cli.manifests import Manifest, read

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"

GOOD_POLICY = """\
apiVersion: syncpause.dev/v1alpha1
kind: SyncPausePolicy
metadata:
  name: summer
spec:
  timeZone: America/Chicago
  windows:
    - name: summer
      firstDay: 2027-06-12
      lastDay: 2027-08-14
"""


def validate(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["validate", *args], input=stdin)


def read_one(path: Path) -> Manifest:
    (found,) = read([str(path)])
    assert isinstance(found, Manifest), found
    return found


@pytest.mark.parametrize(("row", "kind"), cases(GOOD), ids=case_id)
def test_what_the_api_server_accepts_is_good(tmp_path: Path, row: Good, kind: Kind) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(manifest(kind, row.spec), allow_unicode=True), encoding="utf-8")
    assert check(read_one(file)) == []


@pytest.mark.parametrize(("row", "kind"), cases(BAD), ids=case_id)
def test_what_the_api_server_refuses_is_an_error_at_its_line(tmp_path: Path, row: Bad, kind: Kind) -> None:
    file = tmp_path / "policy.yaml"
    body = yaml.safe_dump(manifest(kind, row.spec), allow_unicode=True, sort_keys=False)
    file.write_text(f"# a comment\n---\n{body}", encoding="utf-8")
    found = read_one(file)
    complaints = check(found)
    assert any((row.ours or row.sentence) in str(fault) for fault in complaints), complaints
    assert all(3 <= found.line(fault.location) <= len(body.splitlines()) + 2 for fault in complaints)


def test_the_line_is_the_fields_own() -> None:
    wrong = GOOD_POLICY.replace("2027-08-14", "2027-06-01")
    answer = validate("-", stdin=f"---\n{GOOD_POLICY}---\n{wrong}")
    assert answer.exit_code == 1
    first = answer.stdout.splitlines()[0]
    assert first.startswith(
        "<stdin>:22: SyncPausePolicy/summer: spec.windows[0].lastDay: 2027-06-01 is before"
    )


def test_dates_need_no_quotes_and_samples_are_good() -> None:
    answer = validate("-", str(SAMPLES), stdin=GOOD_POLICY)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == ""
    assert "good policies" in answer.stderr
    assert "of other kinds skipped" in answer.stderr


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (GOOD_POLICY.replace("v1alpha1", "v1"), 1, '"syncpause.dev/v1": write syncpause.dev/v1alpha1'),
        (GOOD_POLICY.replace("SyncPausePolicy", "SchoolSync"), 2, "only the operator writes SchoolSyncs"),
        (
            GOOD_POLICY.replace("SyncPausePolicy", "PausePolicy"),
            2,
            "write SyncPausePolicy or Cluster",
        ),
        (GOOD_POLICY.replace("  name: summer\n", "  labels: {}\n", 1), 4, "metadata.name: required"),
        (GOOD_POLICY.replace("name: summer", "name: Summer", 1), 4, "lower-case"),
        (
            GOOD_POLICY.replace("kind: Sync", "kind: ClusterSync").replace("name: summer", "namespace: a", 1),
            4,
            "has none: remove it",
        ),
        ("a: [1,\n", 2, "not valid YAML"),
        ("- a\n", 1, "not a Kubernetes object"),
        ("\tkey: value\n", 1, "not valid YAML"),
        ("{}{", 1, "not valid YAML"),
    ],
)
def test_other_mistakes_are_errors_too(text: str, line: int, sentence: str) -> None:
    answer = validate("-", "-o", "json", stdin=text)
    assert answer.exit_code == 1
    assert any(
        item["line"] == line and sentence in f"{item['field']}: {item['message']}"
        for item in json.loads(answer.stdout)
    ), answer.stdout


def test_lists_are_unpacked_and_other_kinds_and_nothing_are_skipped() -> None:
    wrong = yaml.safe_load(GOOD_POLICY.replace("2027-06-12", "x"))
    listed = {"apiVersion": "v1", "kind": "List", "items": [wrong]}
    answer = validate("-", stdin=yaml.safe_dump(listed))
    assert answer.exit_code == 1
    assert "firstDay" in answer.stdout
    other = validate("-", stdin="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\n---\n")
    assert (other.exit_code, other.stderr) == (0, "0 good policies, 1 object of other kinds skipped\n")
    assert validate("-", stdin="").exit_code == 0


def test_the_same_object_twice_is_a_warning() -> None:
    answer = validate("-", stdin=f"{GOOD_POLICY}---\n{GOOD_POLICY}")
    assert answer.exit_code == 0
    assert "the same object as at <stdin>:1" in answer.stdout


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    assert validate(str(tmp_path / "none.yaml")).exit_code == 2
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    answer = validate(str(tmp_path / "binary.yaml"))
    assert (answer.exit_code, "not UTF-8 text" in answer.output) == (2, True)


def test_workflow_annotations_name_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD_POLICY.replace("America/Chicago", "Mars"))
    answer = validate(str(file), "-o", "github")
    assert answer.stdout.startswith(f"::error file={file},line=6::")
