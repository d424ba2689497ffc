"""Edits of a policy's spec. Specs are JSON values; each function returns a new one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from syncpause.api.days import is_annual

Spec = Mapping[str, Any]

SUMMER = "summer"
_NAME_LENGTH = 63


def with_dates(spec: Spec, first: str, last: str) -> dict[str, Any]:
    """Return the spec with a window of these days (both YYYY-MM-DD, or both MM-DD).

    The new window replaces the only window. Of several windows, it replaces those that share a day with it.
    """
    windows = list(spec.get("windows") or ())
    replaced = windows if len(windows) < 2 else [item for item in windows if _overlap(item, first, last)]
    kept = [item for item in windows if item not in replaced]
    taken = {item["name"] for item in kept}
    name = replaced[0]["name"] if replaced else _unused_name(SUMMER, taken)
    return {**spec, "windows": [*kept, {"name": name, "firstDay": first, "lastDay": last}]}


def with_exemption(
    spec: Spec, school: str, applications: Sequence[str], *, first: str | None, until: str, reason: str
) -> dict[str, Any]:
    """Return the spec with an exemption of a school, or of some of its applications.

    It replaces an exemption of exactly the same. ``first`` and ``until`` are YYYY-MM-DD.
    """
    exemptions = list(spec.get("exemptions") or ())
    same = [item for item in exemptions if _is_for(item, school, applications)]
    others = [item for item in exemptions if item not in same]
    slug = _slug("-".join((school, *applications)))
    name = same[0]["name"] if same else _unused_name(slug, {item["name"] for item in others})
    exemption: dict[str, Any] = {"name": name, "schools": [school]}
    if applications:
        exemption["applications"] = sorted(applications)
    if first:
        exemption["from"] = first
    return {**spec, "exemptions": [*others, {**exemption, "until": until, "reason": reason}]}


def without_exemptions(
    spec: Spec, school: str, applications: Sequence[str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the spec without the exemptions of only that school, and the removed exemptions.

    With ``applications``, removes only the exemption of exactly these. Never removes one with a selector.
    """
    exemptions = list(spec.get("exemptions") or ())
    removed = [
        item
        for item in exemptions
        if item.get("schools") == [school]
        and "selector" not in item
        and (not applications or _is_for(item, school, applications))
    ]
    return {**spec, "exemptions": [item for item in exemptions if item not in removed]}, removed


def copy_for_school(spec: Spec, school: str, zone: str) -> dict[str, Any]:
    """Return the spec of a new policy for one school that pauses it as the given spec does, in the zone.

    The new policy replaces the other one for the school, so it takes over all fields and exemptions that
    concern it.
    """
    kept = ("selector", "windows", "missedRuns", "activeJobs", "resumeSpread")
    exemptions = [item for item in spec.get("exemptions") or () if school in item.get("schools", [school])]
    own = {
        "timeZone": zone,
        "schools": [school],
        **{field: spec[field] for field in kept if spec.get(field)},
    }
    return {**own, "exemptions": exemptions} if exemptions else own


def _is_for(exemption: Mapping[str, Any], school: str, applications: Iterable[str]) -> bool:
    return (
        exemption.get("schools") == [school]
        and sorted(exemption.get("applications") or ()) == sorted(applications)
        and "selector" not in exemption
    )


def _overlap(window: Mapping[str, Any], first: str, last: str) -> bool:
    """Whether a window shares a day with the given days. Annual days are compared without their year."""
    ours, theirs = (first, last), (window["firstDay"], window["lastDay"])
    if is_annual(first) or is_annual(window["firstDay"]):
        ours, theirs = (first[-5:], last[-5:]), (theirs[0][-5:], theirs[1][-5:])
    return any(a[0] <= b[1] and b[0] <= a[1] for a in _unwrapped(*ours) for b in _unwrapped(*theirs))


def _unwrapped(first: str, last: str) -> list[tuple[str, str]]:
    return [(first, last)] if first <= last else [(first, "12-31"), ("01-01", last)]


def _slug(text: str) -> str:
    kept = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return kept[:_NAME_LENGTH].strip("-") or SUMMER


def _unused_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, with the lowest number from 2 that makes it unused if it is taken."""
    used, base, number = set(taken), name, 2
    while name in used:
        suffix = f"-{number}"
        name = f"{base[: _NAME_LENGTH - len(suffix)]}{suffix}"
        number += 1
    return name
