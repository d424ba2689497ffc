"""Whatever a file has, a command answers with sentences and an exit code, never with a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from syncpause.cli.editing import EditRequest, _target
from syncpause.cli.failure import Failure
from syncpause.cli.main import main
from syncpause.cli.options import Where
from syncpause.cli.snapshot import Snapshot
from syncpause.controller.cache.policy_objects import read_policy, ref_of
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.kube.access import Access

OURS = "apiVersion: syncpause.dev/v1alpha1\nkind: SyncPausePolicy\n"
SPEC = "spec: {timeZone: UTC, windows: []}\n"
NAMED = f"{OURS}metadata: {{name: a}}\n{SPEC}"
ODD = {
    "generateName": (f"{OURS}metadata: {{generateName: a-}}\n{SPEC}", "takes no generateName"),
    "list for metadata": (f"{OURS}metadata: [1]\n{SPEC}", "metadata: not a mapping"),
    "list for kind": ("apiVersion: syncpause.dev/v1alpha1\nkind: [a]\n", "write SyncPausePolicy or"),
    "namespace without metadata": (f"apiVersion: v1\nkind: Namespace\n---\n{NAMED}", "metadata: required"),
    "labels that are a list": (
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: [b]}}\n---\n{NAMED}",
        "metadata.labels: not a mapping of strings",
    ),
    "control character": (f"{NAMED}# \x07\n", ":5: not valid YAML: the character U+0007"),
    "list in itself": ("&a {kind: List, items: [*a, *a]}", "a List in a List"),
    "deep": ("[" * 5000, "not valid YAML"),
    "a tag": ("!!python/object:os.system x", "not valid YAML"),
}


def preview(path: Path) -> Result:
    args = ["preview", "-f", str(path), "--kubeconfig", "/none"]
    return CliRunner().invoke(main, args, catch_exceptions=False)


@pytest.mark.parametrize("case", ODD)
def test_odd_content_is_named_with_its_place(tmp_path: Path, case: str) -> None:
    content, sentence = ODD[case]
    file = tmp_path / "odd.yaml"
    file.write_text(content)
    answer = preview(file)
    assert (answer.exit_code, sentence in answer.stderr) == (2, True), answer.stderr
    assert CliRunner().invoke(main, ["validate", str(file)], catch_exceptions=False).exit_code in (0, 1)


def test_bytes_on_stdin_that_are_no_text_are_wrong_usage() -> None:
    answer = CliRunner().invoke(main, ["validate", "-"], input=b"\xff\xfe", catch_exceptions=False)
    assert (answer.exit_code, "<stdin>: not UTF-8 text" in answer.stderr) == (2, True)


def test_a_folder_named_like_a_file_is_searched_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    (tmp_path / "x.yaml" / "policy.yaml").write_text(NAMED)
    answer = CliRunner().invoke(main, ["validate", str(tmp_path)], catch_exceptions=False)
    assert (answer.exit_code, "1 good policy" in answer.stderr) == (0, True)


def test_a_name_with_a_nul_is_no_file() -> None:
    answer = CliRunner().invoke(main, ["validate", "a\0b"], catch_exceptions=False)
    assert (answer.exit_code, "not the name of a file" in answer.stderr) == (2, True)


def test_a_latin_1_terminal_gets_what_it_cannot_show_spelled_out(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"{OURS}metadata: {{name: \u0142\u00f3d\u017a}}\n{SPEC}", encoding="utf-8")
    command = [sys.executable, "-c", "from syncpause.cli.main import run; run()", "validate", str(file)]
    done = subprocess.run(
        command, env={"PYTHONIOENCODING": "latin-1", "LANG": "C"}, capture_output=True, check=False
    )
    assert (done.returncode, b"\\u0142" in done.stdout, b"Traceback" in done.stderr) == (1, True, False)


def test_a_stored_policy_that_is_invalid_is_named_by_an_edit() -> None:
    stored = {"metadata": {"name": "own", "namespace": "d9"}, "spec": {"schools": ["lincoln"], "windows": 3}}
    ref = ref_of(stored)
    snapshot = Snapshot(PolicySet({ref: read_policy(stored).policy}), {ref: stored})
    request = EditRequest(Where(Access(), "d9"), "lincoln", "", dry_run=True, yes=True, output="text")
    with pytest.raises(Failure, match=r"spp/own is invalid: spec\.timeZone: required"):
        _target(snapshot, request)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {"apiVersion": st.just("syncpause.dev/v1alpha1") | VALUES},
    optional={
        "kind": st.sampled_from(["SyncPausePolicy", "ClusterSyncPausePolicy", "Namespace", "List"]) | VALUES,
        "metadata": VALUES | st.fixed_dictionaries({}, optional={"name": VALUES, "labels": VALUES}),
        "spec": VALUES | st.fixed_dictionaries({}, optional={"timeZone": VALUES, "windows": VALUES}),
        "items": VALUES,
    },
)


@settings(deadline=None)
@given(FIELDS)
def test_a_value_of_any_type_at_any_place_is_no_traceback(body: dict[str, object]) -> None:
    text = yaml.safe_dump(body)
    for args in (["validate", "-"], ["preview", "-f", "-", "--kubeconfig", "/none"]):
        answer = CliRunner().invoke(main, args, input=text, catch_exceptions=False)
        assert answer.exit_code in (0, 1, 2, 3)
