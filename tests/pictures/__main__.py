"""`make docs`: the pictures in docs/images, taken from a real cluster on the first of July 2027.

The operator runs on a clock that is set there, so that the pictures are the same at every run.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text
from stage import RunningOperator, eventually

from controlplane.access import environment
from controlplane.cluster import Cluster, start

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SAMPLES = ROOT / "manifests" / "samples"
DAY = "2027-07-01"
YEAR = f"--year 2027 --today {DAY}"
TERMINAL_COLUMNS = 132
AGE = re.compile(r"\b\d+s\b")
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def shot(cluster: Cluster, name: str, command: str, columns: int = TERMINAL_COLUMNS) -> None:
    """A picture of a terminal in which a command was typed."""
    typed = f"stty cols {columns}; {command}"
    env = {**environment(cluster.bin, cluster.kubeconfig), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    printed = subprocess.run(
        ["script", "-qec", typed, "/dev/null"], env=env, capture_output=True, text=True, check=True
    )
    text = AGE.sub("9s", printed.stdout.replace("\r", ""))
    screen = Console(record=True, width=columns, file=open("/dev/null", "w"), highlight=False)  # noqa: SIM115
    screen.print(Text(f"$ {command}", "bold"))
    lines = Text.from_ansi(text)
    for spaces in re.finditer(" +", lines.plain):
        lines.stylize("italic", *spaces.span())  # drawn apart: some viewers drop spaces that begin a text
    screen.print(lines, soft_wrap=True)
    picture = screen.export_svg(title="kubectl", unique_id=f"picture-{name}")
    (IMAGES / f"{name}.svg").write_text(offline(picture), encoding="utf-8")
    print(f"docs/images/{name}.svg")


def offline(picture: str) -> str:
    """The picture without rich's @font-face rules, which load a font; the viewer's monospace font remains."""
    return FONT_FACE.sub("", picture)


async def main() -> None:
    """Set the scene, and take every picture."""
    IMAGES.mkdir(exist_ok=True)
    with start() as cluster:
        for line in (
            f"apply -k {ROOT / 'crds'}",
            f"apply -k {SAMPLES / 'platform'}",
            "wait --for=condition=Established --timeout=30s crd --all",
        ):
            cluster.kubectl(*shlex.split(line))
        operator = RunningOperator(str(cluster.kubeconfig))
        operator.jump_to("2027-03-01T12:00")
        await operator.start()
        cluster.kubectl("apply", "-f", str(SAMPLES / "policies"))
        states = ("get", "schools", "-A", "-o", "jsonpath={.items[*].status.state}")
        await eventually(lambda: cluster.kubectl(*states) == "Syncing Syncing Syncing", "March")
        operator.jump_to(f"{DAY}T12:00")
        await eventually(lambda: cluster.kubectl(*states) == "Paused Paused Paused", "July")
        await asyncio.to_thread(take, cluster)
        await operator.stop()


def take(cluster: Cluster) -> None:
    """The pictures."""
    shot(cluster, "schools", "kubectl get schools -A")
    shot(cluster, "status", "kubectl syncpause status -n district-9")
    shot(cluster, "explain", f"kubectl syncpause explain school/roosevelt -n district-9 --at {DAY}")
    shot(cluster, "calendar", f"kubectl syncpause calendar -A {YEAR}", columns=110)
    picture = f"kubectl syncpause calendar -A {YEAR} --svg {IMAGES / 'year.svg'}"
    subprocess.run(shlex.split(picture), env=environment(cluster.bin, cluster.kubeconfig), check=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
