"""A transition of everything, pause and resume, beside the raw client that sends the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from bench import load, process, raw
from bench.audit import Request, kinds, span
from bench.figures import at_least, at_most
from bench.ground import UNBOUND, Ground
from bench.subject import Subject
from chaos.api import Api
from syncpause.controller.status.writer import WRITERS

RAW_AT_ONCE = 32
"""More gain nothing: the API server has two cores here."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One transition. Seconds; ``settled`` is from the last write to a workload to the last status, and
    ``pods`` to the end of the last pod, 0 where there is none to end."""

    sent: int
    seconds: float
    until_last: float
    settled: float
    pods: float
    cpu: float
    peak_mib: float
    writes: str
    apiserver: float
    etcd: float
    database: float

    @property
    def rate(self) -> float:
        return self.sent / self.seconds


class Limit(NamedTuple):
    """What the raw client did in one round: PATCH/s, and seconds for the status of every school."""

    pause: float
    resume: float
    statuses: float


async def measure(ground: Ground, operator: Subject, windows: list[dict[str, str]]) -> Measured:
    """Let the operator pause or resume everything, by an edit of the policy."""
    await load.settled(ground.api)
    audit, used, served = ground.audit(), operator.cpu, ground.server_cpu()
    database = ground.database_bytes()
    process.forget_peak(operator.pid)
    await load.policy(ground.api, windows)
    asked = time.time()
    ended = await _last_pod(ground.api) if windows else 0.0
    await ground.rest(audit)
    requests = audit.read()
    patches = [each for each in requests if each.to_workload]
    told = [each.answered for each in requests if each.to_status]
    first, last = span(patches)
    now = ground.server_cpu()
    return Measured(
        sent=len(patches),
        seconds=last - first,
        until_last=last - asked,
        settled=max([0.0, *(each - last for each in told)]),
        pods=max(0.0, ended - last),
        cpu=operator.cpu - used,
        peak_mib=process.peak_kib(operator.pid) / 1024,
        writes=", ".join(f"{number} {kind}" for kind, number in sorted(kinds(requests).items())),
        apiserver=now["kube-apiserver"] - served["kube-apiserver"],
        etcd=now["etcd"] - served["etcd"],
        database=ground.database_bytes() - database,
    )


async def _last_pod(api: Api) -> float:
    """When there was a pod for the last time, asked four times a second; 0 where there never was."""
    seen = 0.0
    for _ in range(2_400):
        if not (await api.get("/api/v1/pods", limit="1"))["items"]:
            return seen
        seen = time.time()
        await asyncio.sleep(0.25)
    raise TimeoutError("there are pods ten minutes after the pause")


async def with_raw(ground: Ground, what: str) -> float:
    """PATCH/s of the raw client, as the API server's record has it."""
    await load.settled(ground.api)
    audit = ground.audit()
    await raw.run(ground.kubeconfig, what, RAW_AT_ONCE)
    patches = [each for each in audit.read() if each.to_workload]
    first, last = span(patches)
    await asyncio.sleep(ground.size.rest_seconds)  # the controllers come to rest
    return len(patches) / (last - first)


async def rounds(ground: Ground, section: str, workloads: int) -> None:
    """Operator and raw client in turn; adds the figures."""
    found: list[tuple[Measured, Measured]] = []
    limits: list[Limit] = []
    for number in range(ground.size.rounds):
        if number % 2:
            limits.append(await _raw_round(ground))
        async with ground.operator(*UNBOUND) as operator:
            await ground.rest()
            pause = await measure(ground, operator, load.OPEN)
            await _check(ground, workloads)
            resume = await measure(ground, operator, [])
            await _check(ground, 0)
        found.append((pause, resume))
        if not number % 2:
            limits.append(await _raw_round(ground))
    _tell(ground, section, found, limits, workloads)


async def as_shipped(ground: Ground, section: str) -> None:
    """With the default bound on writes a second, as a good neighbour."""
    async with ground.operator() as operator:
        await ground.rest()
        for what, windows in (("pause", load.OPEN), ("resume", [])):
            seen = await measure(ground, operator, windows)
            ground.report.add(section, f"{what}, with the default bound: PATCH/s", seen.rate, "/s")
            ground.report.add(section, f"{what}, with it: until the last workload", seen.until_last, "s")


async def _raw_round(ground: Ground) -> Limit:
    paused, resumed = await with_raw(ground, "pause"), await with_raw(ground, "resume")
    audit = ground.audit()
    await raw.run(ground.kubeconfig, "statuses", WRITERS)
    first, last = span([each for each in audit.read() if each.to_status])
    return Limit(paused, resumed, last - first)


async def _check(ground: Ground, expected: int) -> None:
    found = await load.paused(ground.api)
    if found != expected:
        raise RuntimeError(f"{found} workloads are paused, and not {expected}")


def _tell(
    ground: Ground,
    section: str,
    found: Sequence[tuple[Measured, Measured]],
    limits: Sequence[Limit],
    workloads: int,
) -> None:
    for index, what in enumerate(("pause", "resume")):
        ours = [pair[index] for pair in found]
        raws = [pair[index] for pair in limits]
        ratios = [each.rate / limit for each, limit in zip(ours, raws, strict=True)]
        spread = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        add = ground.report.add
        add(section, f"{what}: PATCH/s of the raw client", median(raws), "/s")
        add(section, f"{what}: PATCH/s", median([each.rate for each in ours]), "/s")
        ratio = median(ratios)
        add(
            section,
            f"{what}: ratio to the raw client",
            ratio,
            target=at_least(0.9),
            binding=True,
            note=spread,
        )
        add(section, f"{what}: until the last workload", median([each.until_last for each in ours]), "s")
        settled = median([100 * each.settled / each.until_last for each in ours])
        note = ours[-1].writes
        add(
            section,
            f"{what}: every status, more time",
            settled,
            "%",
            target=at_most(10),
            binding=True,
            note=note,
        )
        if any(each.pods for each in ours):
            pods = median([100 * each.pods / each.until_last for each in ours])
            add(section, f"{what}: the last pod ends, more time", pods, "%")
        pairs = zip(ours, limits, strict=True)
        alone = median([100 * limit.statuses / each.until_last for each, limit in pairs])
        add(section, f"{what}: as many statuses by the raw client alone", alone, "%")
        cpu = median([each.cpu / workloads * 1e6 for each in ours])
        add(section, f"{what}: CPU a workload", cpu, "µs")
        add(section, f"{what}: peak memory", median([each.peak_mib for each in ours]), "MiB")


def lateness(requests: Sequence[Request], instant: float) -> float:
    """Seconds from an instant to the first write to a workload."""
    return span([each for each in requests if each.to_workload])[0] - instant
