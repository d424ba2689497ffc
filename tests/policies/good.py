"""Policies that are accepted."""

from policies.table import CLUSTER, Good, as_large_as_can_be, exemption, selecting, spec, window

ROSTERS = exemption(schools=["lincoln-high"])
FROM_TO = {"from": "2027-06-20", "until": "2027-07-20"}

GOOD = [
    Good("the least there can be", {"timeZone": "UTC", "windows": []}),
    Good("one school with its own dates", spec(schools=["lincoln-high"])),
    Good("the default of every year", spec(windows=[window("06-15", "08-09")])),
    Good("annual window over new year", spec(windows=[window("12-20", "01-03", "winter")])),
    Good("annual window of one day", spec(windows=[window("12-24", "12-24", "winter")])),
    Good("dated window of one day", spec(windows=[window("2027-06-12", "2027-06-12")])),
    Good("a leap day of a leap year", spec(windows=[window("2028-02-29", "2028-03-01")])),
    Good("a leap day of a leap century", spec(windows=[window("2000-02-29", "2400-02-29")])),
    Good("first and last year", spec(windows=[window("2000-01-01", "2999-12-31")])),
    Good("dated and annual windows", spec(windows=[window(), window("12-20", "01-03", "winter")])),
    Good("windows that overlap",
        spec(windows=[window("06-01", "07-15", "a"), window("07-01", "08-15", "b")])),
    Good("as many windows as there may be", spec(windows=[window(name=f"w{n}") for n in range(32)])),
    Good("as many schools as there may be", spec(schools=[f"school-{n}" for n in range(500)])),
    Good("the longest name of a school", spec(schools=["s" * 63])),
    Good("the same school twice", spec(schools=["lincoln", "lincoln"])),
    Good("a school of capitals, dots and underscores", spec(schools=["P.S._118"])),
    Good("an exemption from one day to another", spec(exemptions=[{**ROSTERS, **FROM_TO}])),
    Good("an exemption until a day", spec(exemptions=[exemption(until="2027-07-20")])),
    Good("an exemption from a day", spec(exemptions=[{**exemption(), "from": "2028-02-29"}])),
    Good("an exemption by selector", spec(exemptions=[exemption(selector=selecting(tier="sync"))])),
    Good("as many exemptions as there may be", spec(exemptions=[exemption(name=f"e{n}") for n in range(64)])),
    Good("as much as there may be of everything at once", as_large_as_can_be()),
    Good("a reason with letters of every kind", spec(exemptions=[exemption(reason="été — 夏期講習 ✓")])),
    Good("the longest reason", spec(exemptions=[exemption(reason="é" * 256)])),
    Good("an empty selector", spec(selector={})),
    Good("selector with every operator", spec(selector=selecting(
        {"key": "tier", "operator": "In", "values": ["sync", ""]},
        {"key": "example.com/tier", "operator": "NotIn", "values": ["test"]},
        {"key": "a", "operator": "Exists"},
        {"key": "b", "operator": "DoesNotExist", "values": []},
    ))),
    Good("a selector of labels, one empty",
        spec(selector=selecting(**{"example.com/tier": "sync", "b": ""}))),
    Good("the longest key", spec(selector=selecting(**{f"{'a' * 253}/{'b' * 63}": "x"}))),
    Good("every choice made", spec(missedRuns="RunOnce", activeJobs="Suspend", mode="DryRun")),
    Good("choices of null", spec(missedRuns=None, activeJobs=None, mode=None, resumeSpread=None)),
    Good("lists of null", spec(schools=None, exemptions=None, selector=None)),
    Good("nulls in an exemption", spec(exemptions=[exemption(schools=None, selector=None, until=None)])),
    Good("nulls in a selector", spec(selector={"matchLabels": None, "matchExpressions": None})),
    Good("a null in matchLabels", spec(selector={"matchLabels": {"a": None}})),
    *[Good(f"spread {text}", spec(resumeSpread=text)) for text in ("0s", "30m", "1h30m", "24h", "86400s",
    "1m0s")],
    *[
        Good(f"zone {zone}", spec(timeZone=zone))
        for zone in (
            "Etc/GMT+5", "Etc/UTC", "US/Central", "EST5EDT", "CET", "GB-Eire", "America/Port-au-Prince",
            "America/Argentina/Buenos_Aires", "Antarctica/DumontDUrville",
        )
    ],
    Good("an emergency freeze", spec(enforcement="Enforced", namespaceSelector=selecting(district="north")),
        CLUSTER),
    Good("an empty namespace selector", spec(namespaceSelector={}), CLUSTER),
    Good("enforcement given as null", spec(enforcement=None), CLUSTER),
]  # fmt: skip
