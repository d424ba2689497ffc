"""Names of SchoolSyncs: valid, and different for different schools."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from syncpause.domain.school import object_name

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


labels = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)


@given(st.lists(labels, unique=True, max_size=30))
def test_every_school_gets_a_valid_name_of_its_own(schools: list[str]) -> None:
    found = [object_name(school) for school in schools]
    assert len(set(found)) == len(schools)
    assert all(SUBDOMAIN.fullmatch(name) and len(name) <= 253 for name in found)


def test_a_valid_name_is_kept_and_a_made_up_one_is_never_another_schools() -> None:
    assert object_name("lincoln-high") == "lincoln-high"
    made_up = object_name("Lincoln_High")
    assert re.fullmatch(r"lincoln-high\.[0-9a-f]{16}", made_up)
    assert object_name(made_up) != made_up
    assert object_name("A..B").startswith("a-b.")
