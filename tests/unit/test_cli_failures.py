"""Each command of the plugin ends with one sentence and exit code 3 where the cluster cannot be asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from rich.text import Text
from test_kubeconfig import EXEC, cluster, config, user, written

from syncpause.cli import output
from syncpause.cli.failure import failure_of
from syncpause.cli.main import main
from syncpause.kube import exec_plugin
from syncpause.kube.errors import Forbidden

POLICY = {
    "apiVersion": "syncpause.dev/v1alpha1",
    "kind": "SyncPausePolicy",
    "metadata": {"name": "summer"},
    "spec": {"timeZone": "UTC", "windows": [{"name": "s", "firstDay": "06-12", "lastDay": "08-14"}]},
}
COMMANDS = (
    ("status",),
    ("status", "lincoln", "-o", "json"),
    ("explain", "school/lincoln"),
    ("calendar", "-A"),
    ("preview", "-f", "POLICY"),
    ("set-dates", "lincoln", "06-12", "08-14", "-y"),
    ("exempt", "lincoln", "--until", "2999-01-01", "--reason", "r", "-y"),
    ("unexempt", "lincoln", "-y"),
    ("release", "--all", "-y"),
)
HOSTILE = "evil\x1b[2Jname\u202e\x9b1m"


def run(folder: Path, *args: str, env: dict[str, str] | None = None) -> Result:
    policy = written(folder, POLICY, "policy.yaml")
    words = [str(policy) if word == "POLICY" else word for word in args]
    return CliRunner().invoke(main, words, prog_name="kubectl syncpause", env=env, catch_exceptions=False)


def is_one_sentence(result: Result, sentence: str, code: int = 3) -> None:
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines), result.stdout) == (code, 1, ""), (result.stderr, result.stdout)
    assert lines[0].startswith("Error: ")
    assert sentence in lines[0]
    assert lines[0].isprintable()


def hang(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    patch.setattr(exec_plugin, "EXEC_SECONDS", 0.2)
    return user(exec={**EXEC, "command": "sleep", "args": ["600"]})


FAULTS: dict[str, tuple[Any, str]] = {
    "unreachable server": (cluster(server="https://127.0.0.1:1"), "no connection to https://127.0.0.1:1"),
    "unknown host": (cluster(server="https://no.such.host.invalid"), "no connection to https://no.such"),
    "odd server": (cluster(server="kubernetes:6443"), "is not the URL of an API server"),
    "missing plugin": (
        user(exec={**EXEC, "command": "no-such", "installHint": "brew\x1b[31m it"}), "no-such cannot be run"
    ),
    "failing plugin": (user(exec={**EXEC, "command": "false"}), "ended with exit code 1"),
    "garbage of a plugin": (user(exec={**EXEC, "command": "echo", "args": [HOSTILE]}), "printed no JSON"),
    "plugin that hangs": (hang, "did not end within 0.2 s"),
    "plugin that asks": (user(exec={**EXEC, "interactiveMode": "Always"}), "there is no terminal"),
    "token file gone": (user(tokenFile="none"), "none cannot be read"),
    "token file empty": (user(tokenFile="/dev/null"), "/dev/null is empty"),
    "authority gone": (cluster(**{"certificate-authority": "none"}), "none cannot be read"),
    "authority is garbage": (cluster(**{"certificate-authority": "policy.yaml"}), "no certificate in PEM"),
    "certificate gone": (user(**{"client-certificate": "none", "client-key": "none"}), "none cannot be read"),
    "certificate is garbage": (
        user(**{"client-certificate": "policy.yaml", "client-key": "policy.yaml"}), "is not in PEM form"
    ),
    "text for a bool": (cluster(**{"insecure-skip-tls-verify": "true"}), "must be true or false"),
    "context missing": (config(**{"current-context": HOSTILE}), "has no context"),
    "empty file": ("", "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_login_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, command: tuple[str, ...]
) -> None:
    content, sentence = FAULTS[fault]
    made = content(tmp_path, monkeypatch) if isinstance(content, Callable) else content
    path = written(tmp_path, made)
    is_one_sentence(run(tmp_path, *command, "--kubeconfig", str(path)), sentence)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_kubeconfig_or_context_that_is_missing_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    is_one_sentence(run(tmp_path, *command, "--kubeconfig", "/none"), "there is no kubeconfig at /none")
    environment = {"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/b", "KUBERNETES_SERVICE_HOST": ""}
    is_one_sentence(
        run(tmp_path, *command, env=environment), f"no kubeconfig at {tmp_path}/a and {tmp_path}/b"
    )
    path = str(written(tmp_path, config()))
    is_one_sentence(run(tmp_path, *command, "--kubeconfig", path, "--context", "x"), "has no context 'x'")


class ApiServer:
    """An HTTP server that gives every request one answer."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _reply(self) -> None:
                status, headers, body = outer.answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = _reply

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def foreign() -> Iterator[ApiServer]:
    found = ApiServer()
    yield found
    found.server.shutdown()
    found.server.server_close()


def status_of(code: int, message: str) -> bytes:
    return json.dumps({"kind": "Status", "code": code, "message": message}).encode()


ANSWERS: dict[str, tuple[tuple[int, dict[str, str], bytes], str]] = {
    "login page": (
        (302, {"Location": "https://sso.example.com/x?secret"}, b""),
        "redirects to sso.example.com",
    ),
    "web page": ((200, {}, b"<html>"), "the API server's answer is not"),
    "another server": ((404, {}, b"404 page not found"), "is not a Kubernetes API server"),
    "401": ((401, {}, status_of(401, "Unauthorized")), "refuses the credentials of context c, user ann"),
    "403 by a gateway": ((403, {}, status_of(403, HOSTILE)), "evil\\x1b[2Jname\\u202e\\x9b1m"),
    "500": ((500, {}, status_of(500, HOSTILE)), "evil\\x1b[2Jname"),
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_of_another_server_is_one_sentence(
    tmp_path: Path, foreign: ApiServer, answer: str, command: tuple[str, ...]
) -> None:
    foreign.answer, sentence = ANSWERS[answer]
    path = written(tmp_path, {**cluster(server=foreign.url), "users": user(token="t")["users"]})
    is_one_sentence(run(tmp_path, *command, "--kubeconfig", str(path)), sentence)


def test_completion_prints_nothing_where_the_cluster_cannot_be_asked(tmp_path: Path) -> None:
    words = f"kubectl-syncpause status --kubeconfig {written(tmp_path, user(tokenFile='none'))} "
    variables = {"COMP_WORDS": words, "COMP_CWORD": "4", "_KUBECTL_SYNCPAUSE_COMPLETE": "bash_complete"}
    done = CliRunner().invoke(
        main, [], prog_name="kubectl-syncpause", env=variables, complete_var="_KUBECTL_SYNCPAUSE_COMPLETE"
    )
    assert (done.exit_code, done.output.strip()) == (0, "")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ('cannot list resource "cronjobs" in API group "batch" in the namespace "d9"',
         "you may not list cronjobs.batch in namespace d9: ask an administrator of the cluster to bind the"
         " ClusterRole view to you"),
        ('cannot patch resource "syncpausepolicies" in API group "syncpause.dev" in the namespace "d9"',
         "you may not patch syncpausepolicies.syncpause.dev in namespace d9: ask an administrator of"
         " the cluster to bind the ClusterRole syncpause-edit to you"),
        ('cannot list resource "namespaces" in API group "" at the cluster scope',
         "you may not list namespaces in the whole cluster: name a namespace with -n, or ask an administrator"
         " of the cluster to bind the ClusterRole syncpause-cluster-view to you"),
    ],
)  # fmt: skip
def test_a_missing_right_names_verb_resource_namespace_and_role(message: str, sentence: str) -> None:
    error = Forbidden(f'forbidden: User "ann" {message}', status=403)
    assert failure_of(error).message == sentence


def test_control_characters_of_others_are_spelled_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.echo(f"{HOSTILE}\nnext")
    output.warn(HOSTILE)
    shown = output.table("NAME")
    shown.add_row(Text(HOSTILE, "blue"))
    output.console().print(shown)
    output.console().print(f"school {HOSTILE}")
    captured = capsys.readouterr()
    assert captured.out.count("evil\\x1b[2Jna") == 3
    assert captured.err.count("evil\\x1b[2Jname\\u202e\\x9b1m") == 1
    assert all(line.isprintable() for line in (captured.out + captured.err).splitlines())


def test_structured_output_stays_valid_with_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    for form, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        output.write_structured({"reason": HOSTILE}, form)
        text = capsys.readouterr().out
        assert all(line.isprintable() for line in text.splitlines())
        assert load(text) == {"reason": HOSTILE}
        output.write_structured({"reason": "Schüler 日本"}, form)
        assert "Schüler 日本" in capsys.readouterr().out
