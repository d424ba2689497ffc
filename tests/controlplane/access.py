"""Ways into a cluster: kubeconfig files, kubectl, and a plain HTTPS probe."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sysconfig
import urllib.error
import urllib.request
from pathlib import Path

from controlplane.failure import KubectlError


def write_kubeconfig(path: Path, *, url: str, authority: Path, user: str, token: str) -> None:
    """Write a kubeconfig (JSON is YAML) with one context, `syncpause`, readable by its owner only."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "syncpause",
        "clusters": [
            {"name": "syncpause", "cluster": {"server": url, "certificate-authority": str(authority)}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "syncpause", "context": {"cluster": "syncpause", "user": user}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n")


def environment(binaries: Path, kubeconfig: Path) -> dict[str, str]:
    """Our environment with this cluster as the current one; nothing of the user's own is read or written."""
    return {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "KUBECACHEDIR": str(kubeconfig.parent / "kubectl-cache"),
        "KUBERC": "off",
        "PATH": os.pathsep.join([*tools(binaries), os.environ.get("PATH", os.defpath)]),
    }


def tools(binaries: Path) -> list[str]:
    """The folders with kubectl, and with the plugin that it looks for on the PATH."""
    return [str(binaries), sysconfig.get_path("scripts")]


def kubectl(binaries: Path, kubeconfig: Path, *arguments: str, stdin: str | None, check: bool) -> str:
    """What `kubectl ARGUMENTS` printed; raises KubectlError when it fails and `check` is set."""
    done = subprocess.run(
        [str(binaries / "kubectl"), *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        env=environment(binaries, kubeconfig),
        check=False,
    )
    if check and done.returncode != 0:
        raise KubectlError(arguments, done.returncode, done.stderr)
    return done.stdout


def health(url: str, *, authority: Path | None = None, token: str | None = None) -> str | None:
    """None when a GET of `url` answers 200, otherwise a short description of the response or error."""
    try:
        context = ssl.create_default_context(cafile=authority) if authority else None
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.urlopen(request, timeout=2, context=context):
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} {error.read(300).decode(errors='replace')}"
    except OSError as error:  # refused, reset, timed out, or the certificate isn't written yet
        return str(error)
