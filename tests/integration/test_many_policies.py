"""Many policies and schools at once, against a checker that knows only sets of days."""

from __future__ import annotations

import random
from datetime import date, timedelta

from stage import Object, RunningOperator, Stage, eventually

POLICIES, SCHOOLS = 10, 50


def days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


async def test_ten_policies_over_fifty_schools_each(stage: Stage, operator: RunningOperator) -> None:
    dice = random.Random(20270615)
    schools = [f"school-{number:02}" for number in range(SCHOOLS)]
    own: dict[str, list[set[date]]] = {school: [] for school in schools}
    objects: list[Object] = []
    for number in range(POLICIES):
        first = date(2027, 5, 1) + timedelta(days=dice.randrange(60))
        last = first + timedelta(days=dice.randrange(60))
        chosen = sorted(dice.sample(schools, 5))
        for school in chosen:
            own[school].append(days(first, last))
        objects.append(policy(stage, f"own-{number}", chosen, first, last))
    for school in schools:
        objects += [cronjob(stage, school, number) for number in range(2)]
    stage.apply(*objects)
    default = (date(2027, 6, 15), date(2027, 8, 9))
    stage.cluster_policy(
        "default", windows=[{"name": "s", "firstDay": str(default[0]), "lastDay": str(default[1])}]
    )

    def right(today: date) -> bool | str:
        wrong = []
        for item in stage.items("cronjobs"):
            school = item["metadata"]["labels"]["syncpause.dev/school"]
            closed = own[school] or [days(*default)]
            if item["spec"]["suspend"] != any(today in some for some in closed):
                wrong.append(item["metadata"]["name"])
        return not wrong or f"{len(wrong)} wrong on {today}: {wrong[:3]}"

    for _ in range(12):
        today = date(2027, 4, 25) + timedelta(days=dice.randrange(140))
        operator.jump_to(f"{today}T12:00")
        await eventually(lambda day=today: right(day), "every school as the checker says")  # type: ignore[misc]


def policy(stage: Stage, name: str, schools: list[str], first: date, last: date) -> Object:
    return {
        "apiVersion": "syncpause.dev/v1alpha1",
        "kind": "SyncPausePolicy",
        "metadata": {"name": name, "namespace": stage.namespace},
        "spec": {
            "timeZone": "UTC",
            "schools": schools,
            "windows": [{"name": "own", "firstDay": str(first), "lastDay": str(last)}],
        },
    }


def cronjob(stage: Stage, school: str, number: int) -> Object:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "sync", "image": "sync"}]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": f"{school}-{number}",
            "namespace": stage.namespace,
            "labels": {"syncpause.dev/school": school},
        },
        "spec": {"schedule": "0 3 29 2 *", "jobTemplate": {"spec": {"template": template}}},
    }
