"""Hypothesis strategies of policies, workloads and instants."""

from __future__ import annotations

from hypothesis import strategies as st

from builders import SUMMER, at, cluster_policy, ingest, policy, sync

SPRING = {"name": "spring", "firstDay": "2027-03-01", "lastDay": "2027-03-31"}

policies = st.lists(
    st.builds(
        lambda cluster, name, schools, windows, enforced, mode, exempt: (
            cluster_policy(
                name,
                windows=windows,
                mode=mode,
                exemptions=exempt,
                enforcement=enforced,
                **({"schools": schools} if schools else {}),
            )
            if cluster
            else policy(
                name,
                windows=windows,
                mode=mode,
                exemptions=exempt,
                **({"schools": schools} if schools else {}),
            )
        ),
        st.booleans(),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([[], ["lincoln"], ["roosevelt"], ["lincoln", "roosevelt"]]),
        st.sampled_from([[], [SPRING], [SUMMER]]),
        st.sampled_from(["Default", "Enforced"]),
        st.sampled_from(["Enforce", "DryRun"]),
        st.sampled_from([[], [{"name": "x", "schools": ["lincoln"], "reason": "agreed"}]]),
    ),
    max_size=5,
)


workloads = st.one_of(
    st.builds(lambda school: sync(school=school), st.sampled_from(["", "lincoln", "roosevelt"])),
    st.builds(lambda school: ingest(school=school), st.sampled_from(["", "lincoln", "roosevelt"])),
)


instants = st.datetimes(at("2026-01-01").replace(tzinfo=None), at("2028-01-01").replace(tzinfo=None)).map(
    lambda naive: at(naive.isoformat())
)
