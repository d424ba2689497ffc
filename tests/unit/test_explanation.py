"""An explanation agrees with the operator's decision, and names one rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import at, cluster_policy, policy, policy_set, sync
from syncpause.api import names
from syncpause.domain.decision.decide import DesiredState, decide
from syncpause.domain.decision.policy_set import PolicySet
from syncpause.domain.preview.explanation import explain
from syncpause.domain.workload import Workload

JULY = at("2027-07-01T12:00")
MARCH = at("2027-03-01T12:00")


def sentences(here: PolicySet, workload: Workload | None = None, now: Any = JULY) -> dict[str, str]:
    found = explain(here, workload or sync(), now)
    return {str(item.ref): item.sentence for item in found.considered}


def test_every_policy_is_explained() -> None:
    here = policy_set(
        policy("own", schools=["lincoln"]),
        policy("district"),
        policy("roosevelts", schools=["roosevelt"]),
        policy("picky", selector={"matchLabels": {"tier": "gold"}}),
        policy("trial", mode="DryRun"),
        cluster_policy("default"),
        cluster_policy("freeze", enforcement="Enforced", windows=[]),
        cluster_policy("elsewhere", namespaceSelector={"matchLabels": {"a": "b"}}),
    )
    found = sentences(here)
    assert found["spp/own"] == "its window summer is open, 2027-06-15 to 2027-08-09"
    assert found["spp/district"].startswith(
        "no effect here, because spp/own takes precedence; its window summer is open"
    )
    assert found["spp/roosevelts"] == "it applies only to roosevelt"
    assert found["spp/picky"] == "its selector does not match the workload's labels"
    assert found["spp/trial"] == "its mode is DryRun: it pauses nothing"
    assert found["cspp/default"].startswith("no effect here, because spp/own takes precedence")
    assert found["cspp/freeze"] == "it has no window: it never pauses a workload"
    assert found["cspp/elsewhere"] == "its namespaceSelector does not select d9"
    assert [str(item.ref) for item in explain(here, sync(), JULY).considered if item.decides] == ["spp/own"]


def test_a_policy_that_pauses_in_doubt_says_why_it_resumes_nothing() -> None:
    found = sentences(policy_set(cluster_policy(), d9="Mars/Olympus"))["cspp/default"]
    assert found.startswith("its window summer is open, 2027-06-15 to 2027-08-09, and it resumes nothing: ")
    assert "Mars/Olympus" in found


def test_closed_windows_and_exemptions_are_explained() -> None:
    exemption = {"name": "e", "applications": ["rosters"], "reason": "ticket 4711", "until": "2027-07-20"}
    assert sentences(policy_set(policy(exemptions=[exemption])))["spp/own"] == (
        "its window summer is open, 2027-06-15 to 2027-08-09, "
        "and spp/own, e exempts it until 2027-07-20: ticket 4711"
    )
    closed = sentences(policy_set(policy()), now=MARCH)["spp/own"]
    assert closed == "no window is open; the next is summer, 2027-06-15 to 2027-08-09"
    once = [{"name": "w", "firstDay": "2026-06-15", "lastDay": "2026-08-09"}]
    assert sentences(policy_set(policy(windows=once)))["spp/own"] == "all its windows are over"


@pytest.mark.parametrize(
    ("here", "workload", "rule"),
    [
        (policy_set(cluster_policy(enforcement="Enforced"), policy()), sync(), "an Enforced cluster policy"),
        (policy_set(policy(schools=["lincoln"]), policy("d")), sync(), "policies that name the school"),
        (policy_set(policy(), cluster_policy()), sync(), "policies of its namespace"),
        (policy_set(cluster_policy()), sync(), "cluster policies are the default"),
        (policy_set(), sync(), "a workload to which no policy applies"),
        (policy_set(policy()), sync(school=""), "only a workload with the label"),
        (PolicySet(unreadable="no rights"), sync(), "while policies cannot be read"),
    ],
)
def test_the_rule_is_the_one_of_the_level_that_decides(
    here: PolicySet, workload: Workload, rule: str
) -> None:
    assert explain(here, workload, JULY).rule.startswith(rule)


specs = st.fixed_dictionaries(
    {},
    optional={
        "schools": st.sampled_from([["lincoln"], ["roosevelt"], ["lincoln", "roosevelt"]]),
        "windows": st.sampled_from([[], [{"name": "w", "firstDay": "03-01", "lastDay": "03-31"}]]),
        "mode": st.sampled_from(["Enforce", "DryRun"]),
    },
)


@given(
    st.lists(specs, max_size=3), st.lists(specs, max_size=2), st.booleans(), st.sampled_from([MARCH, JULY])
)
def test_the_decision_is_the_operators(
    local: list[dict[str, Any]], cluster: list[dict[str, Any]], freeze: bool, now: Any
) -> None:
    enforcement = "Enforced" if freeze else "Default"
    here = policy_set(
        *(policy(f"p{n}", **spec) for n, spec in enumerate(local)),
        *(cluster_policy(f"c{n}", enforcement=enforcement, **spec) for n, spec in enumerate(cluster)),
    )
    found = explain(here, sync(), now)
    assert found.decision == decide(here, sync(), now)
    assert {item.ref for item in found.considered if item.decides} == {
        item.ref for item in found.decision.policies
    }
    assert len(found.considered) == len(here.policies)


def test_an_exempt_annotation_is_in_the_reason() -> None:
    exempt = sync(annotations={names.EXEMPT: "their summer school"})
    found = explain(policy_set(policy()), exempt, JULY)
    assert found.decision.desired_state is DesiredState.EXEMPT
    assert "their summer school" in found.decision.reason
