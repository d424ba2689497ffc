"""Every way to log in that a kubeconfig names, against the real API server, by operator and plugin."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from plugin import Answer, Plugin
from stage import RunningOperator, Stage, eventually
from wire import Proxy

import shipped
from controlplane.access import environment
from controlplane.cluster import Cluster
from faults.proxy import Fault, FaultProxy
from syncpause.kube.client import Client, connect
from syncpause.kube.errors import Forbidden

V1 = "client.authentication.k8s.io/v1"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
SUMMER = [{"name": "summer", "firstDay": "06-12", "lastDay": "08-14"}]
SCRIPT = """#!/bin/sh
echo run >> "$(dirname "$0")/runs"
cat "$(dirname "$0")/$ANSWER"
"""


class Login:
    """A kubeconfig for the cluster, with a user of the test's choice."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.path = folder / "kubeconfig"
        self.admin = json.loads(cluster.kubeconfig.read_text())["users"][0]["user"]["token"]

    def as_user(self, **user: Any) -> Path:
        config = json.loads(self.cluster.kubeconfig.read_text())
        config["users"][0]["user"] = user
        self.path.write_text(json.dumps(config))
        return self.path

    def exec(self, **more: Any) -> Path:
        """A plugin beside the kubeconfig that prints what `answer` has written."""
        script = self.folder / "bin" / "login"
        script.parent.mkdir(exist_ok=True)
        script.write_text(SCRIPT)
        script.chmod(0o755)
        env = [{"name": "ANSWER", "value": "answer"}]
        spec = {"apiVersion": V1, "command": "bin/login", "interactiveMode": "Never", "env": env, **more}
        return self.as_user(exec=spec)

    def answer(self, token: str, **status: Any) -> None:
        said = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": token, **status}}
        path = self.folder / "bin" / "answer"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(said))

    @property
    def runs(self) -> int:
        """How often the plugin has been run."""
        path = self.folder / "bin" / "runs"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def login(cluster: Cluster, tmp_path: Path) -> Login:
    return Login(cluster, tmp_path)


@pytest.fixture
async def running(login: Login) -> AsyncIterator[RunningOperator]:
    """An operator that the test starts itself, by the kubeconfig of `login`."""
    operator = RunningOperator(str(login.path))
    yield operator
    await operator.stop()


@pytest.fixture
async def wire(cluster: Cluster) -> AsyncIterator[Proxy]:
    """A way to the API server that can be cut; TLS and credentials go through unread."""
    async with Proxy(cluster) as proxy:
        yield proxy


def token_of(stage: Stage, name: str, namespace: str | None = None) -> str:
    where = namespace or stage.namespace
    if namespace is None:
        metadata = {"name": name, "namespace": where}
        stage.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    return stage.kubectl("create", "token", name, "-n", where).strip()


def syncpause(cluster: Cluster, kubeconfig: Path, *args: str) -> Answer:
    """The operator's own command."""
    done = subprocess.run(
        [sys.executable, "-m", "syncpause", *args],
        env=environment(cluster.bin, kubeconfig), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


async def who(client: Client) -> dict[str, Any]:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    user: dict[str, Any] = json.loads(await client.post(REVIEW, review))["status"]["userInfo"]
    return user


def is_one_sentence(answer: Answer, code: int, *words: str) -> None:
    lines = answer.err.strip().splitlines()
    assert (answer.code, len(lines)) == (code, 1), answer
    missing = [word for word in words if word not in lines[0]]
    assert not missing, f"{missing} is not in {lines[0]}"


async def test_who_may_not_impersonate_is_refused_and_writes_nothing(stage: Stage, login: Login) -> None:
    stage.sync()
    before = stage.get("cronjob", "rosters")["metadata"]["resourceVersion"]
    kubeconfig = login.as_user(**{"token": token_of(stage, "staff"), "as": "ann"})
    where = ("-n", stage.namespace)
    plugin = Plugin(stage.cluster, kubeconfig)
    refusal = "cannot impersonate"
    named = ("context syncpause, user admin", "`as: ann`", "ask for the right to impersonate")
    is_one_sentence(plugin("status", *where), 3, refusal, *named)
    is_one_sentence(plugin("release", "--all", "-y", *where), 3, refusal)
    dates = ("set-dates", "lincoln", "06-12", "08-14", "--time-zone", "UTC", "-y")
    is_one_sentence(plugin(*dates, *where), 3, refusal)
    is_one_sentence(syncpause(stage.cluster, kubeconfig, "release", "--all", "-y", *where), 3, refusal)
    async with await connect(kubeconfig=str(kubeconfig)) as client:
        with pytest.raises(Forbidden, match="cannot impersonate"):
            await client.patch(
                f"/apis/batch/v1/namespaces/{stage.namespace}/cronjobs/rosters", {"spec": {"suspend": True}}
            )
    assert stage.get("cronjob", "rosters")["metadata"]["resourceVersion"] == before
    assert stage.items("spp") == []


async def test_who_may_impersonate_is_that_user_with_groups_uid_and_extra(stage: Stage, login: Login) -> None:
    extra = {"example.com/Team": ["x", "y"]}
    user = {"as": "ann", "as-uid": "7", "as-groups": ["staff", "readers"], "as-user-extra": extra}
    kubeconfig = login.as_user(token=login.admin, **user)
    async with await connect(kubeconfig=str(kubeconfig)) as client:
        seen = await who(client)
    assert (seen["username"], seen["uid"]) == ("ann", "7")
    assert {"staff", "readers"} <= set(seen["groups"])
    assert "system:masters" not in seen["groups"]
    assert sorted(seen["extra"]["example.com/team"]) == ["x", "y"]
    answer = Plugin(stage.cluster, kubeconfig)("release", "--all", "-y", "-n", stage.namespace)
    is_one_sentence(answer, 3, "you may not list cronjobs.batch")


async def test_every_watch_is_one_of_the_impersonated_user(
    stage: Stage, login: Login, running: RunningOperator
) -> None:
    shipped.install(stage.cluster)
    account = f"system:serviceaccount:{shipped.NAMESPACE}:{shipped.ACCOUNT}"
    name = f"impersonator-{stage.namespace}"
    login.as_user(**{"token": token_of(stage, "installer"), "as": account})
    rule = ("--verb=impersonate", "--resource=serviceaccounts", f"--resource-name={shipped.ACCOUNT}")
    subject = f"--serviceaccount={stage.namespace}:installer"
    stage.kubectl("create", "role", name, "-n", shipped.NAMESPACE, *rule)
    stage.kubectl("create", "rolebinding", name, "-n", shipped.NAMESPACE, f"--role={name}", subject)
    try:
        running.jump_to("2027-07-01T12:00")
        await running.start()
        operator = running.operator
        assert operator is not None
        await eventually(lambda: operator.synced and not operator.problem, "the operator is ready")
        stage.sync()
        stage.policy(windows=SUMMER)
        await eventually(stage.is_paused, "a policy that kopf's watch brings is obeyed")
    finally:
        await running.stop()
        stage.kubectl("delete", "role,rolebinding", name, "-n", shipped.NAMESPACE)


async def test_a_token_that_expires_is_got_again_from_the_plugin(stage: Stage, login: Login) -> None:
    login.answer(login.admin, expirationTimestamp="2020-01-01T00:00:00Z")
    kubeconfig = login.exec()
    answer = Plugin(stage.cluster, kubeconfig)("status")
    is_one_sentence(answer, 3, "bin/login printed credentials that expired", "user admin")
    login.answer(login.admin, expirationTimestamp="2999-01-01T00:00:00.123456789Z")
    async with await connect(kubeconfig=str(kubeconfig)) as client:
        before = login.runs
        assert (await who(client))["username"] == "admin"
        assert login.runs == before, "a token that is still good is kept"


@pytest.mark.parametrize("kind", ["exec", "tokenFile"])
async def test_every_command_logs_in_by_plugin_and_by_token_file(
    stage: Stage, login: Login, kind: str
) -> None:
    login.answer(login.admin)
    (login.folder / "token").write_text(f"{login.admin}\n")
    kubeconfig = login.exec() if kind == "exec" else login.as_user(tokenFile="token")
    where = ("-n", stage.namespace)
    assert "There is no school" in Plugin(stage.cluster, kubeconfig).ok("status", *where)
    answer = syncpause(stage.cluster, kubeconfig, "release", "--all", *where)
    assert (answer.code, answer.err) == (0, "")


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "missing plugin": ({"command": "no-such-plugin", "installHint": "brew install\n it"},
                       ("no-such-plugin cannot be run", "brew install it")),
    "failing plugin": ({"env": [{"name": "ANSWER", "value": "none"}]}, ("exit code 1", "none: No such file")),
    "args no list": ({"args": "get-token"}, ("exec.args must be a list",)),
    "env no list": ({"env": {"A": "b"}}, ("exec.env must be a list",)),
    "env without text": ({"env": [{"name": 5}]}, ("exec.env[0].name must be text",)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plugin_that_does_not_work_is_a_sentence_of_each_command(
    stage: Stage, login: Login, fault: str
) -> None:
    spec, words = FAULTS[fault]
    kubeconfig = login.exec(**spec)
    who = ("user admin", *words)
    is_one_sentence(Plugin(stage.cluster, kubeconfig)("status"), 3, *who)
    is_one_sentence(syncpause(stage.cluster, kubeconfig, "release", "--all"), 3, *who)
    is_one_sentence(syncpause(stage.cluster, kubeconfig, "run"), 1, *who)


@pytest.mark.parametrize("missing", [True, False])
def test_an_authority_that_cannot_be_read_is_a_sentence_that_names_it(
    stage: Stage, login: Login, missing: bool
) -> None:
    kubeconfig = login.as_user(token=login.admin)
    config = json.loads(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["certificate-authority"] = "ca"
    kubeconfig.write_text(json.dumps(config))
    if not missing:
        (login.folder / "ca").mkdir()
    path = str(login.folder / "ca")
    is_one_sentence(Plugin(stage.cluster, kubeconfig)("status"), 3, path)
    is_one_sentence(syncpause(stage.cluster, kubeconfig, "run"), 1, path)


async def test_a_token_file_that_goes_away_is_reported_until_it_is_back(
    stage: Stage, login: Login, running: RunningOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncpause.kube.credentials.REREAD_SECONDS", 0.5)
    token = login.folder / "token"
    token.write_text(login.admin)
    login.as_user(tokenFile="token")
    await running.start(relist_interval=1.0)
    operator = running.operator
    assert operator is not None
    await eventually(lambda: operator.synced and not operator.problem, "the operator is ready")
    token.unlink()
    sentence = f"the token file {token} cannot be read: No such file or directory"
    await eventually(lambda: sentence in operator.problem, "the problem names the file")
    token.write_text(login.admin)
    await eventually(lambda: not operator.problem, "the operator is ready again")


async def test_a_revoked_token_is_replaced_for_every_watch(
    stage: Stage, login: Login, wire: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    far = RunningOperator(str(login.folder / "proxied.kubeconfig"))
    token = token_of(stage, "brief")
    subject = f"--serviceaccount={stage.namespace}:brief"
    binding = f"brief-{stage.namespace}"
    stage.kubectl("create", "clusterrolebinding", binding, "--clusterrole=cluster-admin", subject)
    try:
        login.answer(token)
        login.exec()
        wire.kubeconfig(login.folder, login.path)
        await far.start(relist_interval=1.0)
        operator = far.operator
        assert operator is not None
        await eventually(
            lambda: (operator.synced and not operator.problem) or operator.problem, "it is ready"
        )
        stage.kubectl("delete", "serviceaccount", "brief", "-n", stage.namespace)
        refusal = "the API server refuses the credentials of context syncpause, user admin"
        await eventually(
            lambda: refusal in operator.problem or operator.problem, "the problem names the user"
        )
        wire.reset()  # a watch that is open outlives its token
        for kind in ("CronJobs", "Deployments", "SchoolSyncs"):
            sentence = f"{kind} cannot be read: Unauthorized: {refusal}"
            await eventually(lambda each=sentence: each in operator.problem or operator.problem, kind)  # type: ignore[misc]
        await eventually(lambda: "credentials of kopf's watches" in caplog.text, "kopf's login is refused")
        login.answer(login.admin)
        await eventually(lambda: not operator.problem or operator.problem, "the operator is ready again")
        far.jump_to("2027-07-01T12:00")
        stage.sync()
        stage.policy(windows=SUMMER)
        await eventually(stage.is_paused, "a policy is obeyed")
    finally:
        await far.stop()
        stage.kubectl("delete", "clusterrolebinding", binding)


async def test_kopf_waits_between_logins_that_stay_refused_and_recovers(
    stage: Stage, operator_kubeconfig: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = stage.kubectl("create", "token", shipped.ACCOUNT, "-n", shipped.NAMESPACE).strip()
    wire = FaultProxy(stage.cluster, token)
    far = RunningOperator(await wire.start(tmp_path))
    try:
        wire.inject(lambda seen: Fault(401) if seen.watch and "policies" in seen.path else None)
        await far.start()
        operator = far.operator
        assert operator is not None
        await eventually(lambda: "credentials of kopf's watches" in caplog.text, "kopf's login says no")
        refused = [seen for seen in wire.seen if seen.watch and "policies" in seen.path]
        assert len(refused) < 20, "kopf waits before it asks again"
        wire.heal()
        await eventually(lambda: operator.synced and not operator.problem, "kopf's watches are open again")
    finally:
        await far.stop()
        await wire.stop()
