"""Specs made at random from pieces that are right, nearly right and wrong, for whoever judges them twice."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from syncpause.api.zones import known_zones

_ANY_TEXT = st.text(max_size=12)
_NAMES = st.one_of(
    st.sampled_from(
        ["a", "summer", "summer-2027", "0", "-a", "a-", "A", "a.b", "a_b", "", "é", "a" * 63, "a" * 64]
    ),
    st.text(string.ascii_letters + string.digits + "-._/ ", max_size=6),
)
_NUMBERS = st.integers(0, 40).map(lambda number: f"{number:02}")
_MONTH_DAYS = st.one_of(
    st.dates().map(lambda day: day.strftime("%m-%d")),
    st.tuples(_NUMBERS, _NUMBERS).map("-".join),
    st.sampled_from(["02-28", "02-29", "02-30", "06-31", "12-31", "1-1"]),
)
_YEARS = st.one_of(st.integers(1990, 2120), st.integers(0, 4000)).map(lambda year: f"{year:04}")
_DAYS = st.one_of(_MONTH_DAYS, st.tuples(_YEARS, _MONTH_DAYS).map("-".join), _ANY_TEXT)
_ZONES = st.one_of(
    st.sampled_from(sorted(known_zones())),
    st.sampled_from(sorted(known_zones())).map(str.lower),
    st.sampled_from(
        ["", "Local", "Factory", "posixrules", "+01:00", "GMT+5", "Etc/GMT+15", "America", "Zulu/UTC"]
    ),
    _ANY_TEXT,
)
_PARTS = st.tuples(st.integers(0, 100_000).map(str), st.sampled_from("hmsd"))
_DURATIONS = st.one_of(st.lists(_PARTS.map("".join), max_size=4).map("".join), _ANY_TEXT)
_KEYS = st.one_of(_NAMES, st.tuples(_NAMES, _NAMES).map("/".join))


def _maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


_EXPRESSIONS = st.fixed_dictionaries(
    {"key": _KEYS, "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "in"])},
    optional={"values": st.lists(_NAMES, max_size=2)},
)
_SELECTORS = _maybe(
    matchLabels=st.dictionaries(_KEYS, _NAMES, max_size=2),
    matchExpressions=st.lists(_EXPRESSIONS, max_size=2),
)
_WINDOWS = st.fixed_dictionaries({"name": _NAMES, "firstDay": _DAYS, "lastDay": _DAYS})
_EXEMPTIONS = st.fixed_dictionaries(
    {"name": _NAMES, "reason": st.one_of(st.just("agreed"), st.text(" \t\n\r\v\x1c\u00a0x", max_size=3))},
    optional={
        "schools": st.lists(_NAMES, max_size=2),
        "applications": st.lists(_NAMES, max_size=2),
        "selector": _SELECTORS,
        "from": _DAYS,
        "until": _DAYS,
    },
)

_GOOD = {"timeZone": "UTC", "windows": []}
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "timeZone": _ZONES,
    "schools": st.lists(_NAMES, max_size=3),
    "selector": _SELECTORS,
    "windows": st.lists(_WINDOWS, max_size=2),
    "exemptions": st.lists(_EXEMPTIONS, max_size=2),
    "missedRuns": st.sampled_from(["Skip", "RunOnce", "skip", None]),
    "resumeSpread": _DURATIONS,
    "mode": st.sampled_from(["Enforce", "DryRun", "", 1]),
}


def specs() -> st.SearchStrategy[dict[str, Any]]:
    """Specs with one field at random and the rest right: of many fields at random, no spec would be good."""
    one_field = st.sampled_from(sorted(_FIELDS)).flatmap(
        lambda field: st.fixed_dictionaries({field: _FIELDS[field]})
    )
    return one_field.map(lambda change: {**_GOOD, **change})
