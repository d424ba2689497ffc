"""Policies that are refused, each with the sentence that says what to fix."""

from policies.table import (
    CLUSTER,
    NAMESPACED,
    Bad,
    Json,
    exemption,
    exemption_without,
    selecting,
    spec,
    spec_without,
    window,
)
from syncpause.api.days import DATED_FORM, DAY_FORM, LEAP_DAY, NO_SUCH_DAY
from syncpause.api.durations import DURATION_FORM
from syncpause.api.exemptions import EMPTY_NAMES, EMPTY_SELECTOR, REASON_NEEDED, TARGET_NEEDED
from syncpause.api.labels import KEY_FORM, NAME_FORM, VALUE_FORM
from syncpause.api.policy import NO_SCHOOLS
from syncpause.api.selectors import NO_VALUES, VALUES_NEEDED
from syncpause.api.windows import ONE_FORM
from syncpause.api.zones import UNKNOWN_ZONE

FIRST, LAST = "spec.windows[0].firstDay", "spec.windows[0].lastDay"
EXEMPTION = "spec.exemptions[0]"
EXPRESSION = "spec.selector.matchExpressions[0]"
REQUIRED = ("Required value", "required: add it")
UNKNOWN = ("unknown field", "unknown field: correct its spelling")
NOT_STRING = ("must be of type string", "not a string")
NOT_LIST = ("must be of type array", "not a list")
NOT_MAPPING = ("must be of type object", "not a mapping")


def _first(day: object) -> Json:
    return spec(windows=[window(day, "2027-08-14")])


def _annual(first: str, last: str = "08-09") -> Json:
    return spec(windows=[window(first, last)])


def _exempt(**changes: object) -> Json:
    return spec(exemptions=[exemption(**changes)])


def _select(**expression: object) -> Json:
    return spec(selector={"matchExpressions": [expression]})


DAYS = [
    Bad("June 31", _annual("06-31"), FIRST, NO_SUCH_DAY),
    Bad("February 30 of every year", _annual("02-30"), FIRST, NO_SUCH_DAY),
    Bad("month 13", _annual("13-01"), FIRST, NO_SUCH_DAY),
    Bad("month 0", _annual("00-10"), FIRST, NO_SUCH_DAY),
    Bad("day 0", _annual("06-00"), FIRST, NO_SUCH_DAY),
    Bad("February 30 of one year", _first("2027-02-30"), FIRST, NO_SUCH_DAY),
    Bad("leap day of a common year", _first("2027-02-29"), FIRST, NO_SUCH_DAY),
    Bad("leap day of a common century", _first("2100-02-29"), FIRST, NO_SUCH_DAY),
    Bad("leap day of every year, first", _annual("02-29"), FIRST, LEAP_DAY),
    Bad("leap day of every year, last", _annual("01-15", "02-29"), LAST, LEAP_DAY),
    Bad("American order", _first("06/12/2027"), FIRST, DAY_FORM),
    Bad("no leading zero", _first("2027-6-12"), FIRST, DAY_FORM),
    Bad("an instant", _first("2027-06-12T00:00:00Z"), FIRST, "Too long", "keep to 10 characters"),
    Bad("empty day", _first(""), FIRST, DAY_FORM),
    Bad("a year mistyped", _first("0227-06-12"), FIRST, DAY_FORM),
    Bad("a year too late", _first("3000-06-12"), FIRST, DAY_FORM),
    Bad("digits of another script", _annual("06-1٢"), FIRST, DAY_FORM),
    Bad("a day and a line end", _annual("06-12\n"), FIRST, DAY_FORM),
    Bad("a day as a number", _first(20270612), FIRST, *NOT_STRING),
    Bad("last day before first", spec(windows=[window("2027-06-12", "2027-06-01")]), LAST,
        "2027-06-01 is before firstDay 2027-06-12: put the later day last"),
    Bad("dated first, annual last", spec(windows=[window("2027-06-12", "08-14")]), LAST, ONE_FORM),
    Bad("annual first, dated last", spec(windows=[window("06-12", "2027-08-14")]), LAST, ONE_FORM),
]  # fmt: skip

ZONES = [
    Bad(f"zone {zone or 'empty'!r}", spec(timeZone=zone), "spec.timeZone", UNKNOWN_ZONE)
    for zone in (
        "", "Local", "local", "+05:00", "-0600", "UTC+5", "CDT", "Mars/Olympus", "America/Chicgo", "America",
        "America/Argentina", "america/chicago", "utc", "posix/America/Chicago", "right/UTC", "localtime",
        "posixrules", "Factory", "../zoneinfo/UTC", "/etc/localtime", "America/../UTC", "America//Chicago",
        "America/Chicago/", " UTC", "UTC\n", "tzdata.zi", "zone.tab", "EST5EDT,M3.2.0,M11.1.0",
        "\u0055TC\u200b",
    )
] + [
    Bad("a zone too long", spec(timeZone="A" * 65), "spec.timeZone", "Too long", "keep to 64 characters"),
    Bad("a zone as a number", spec(timeZone=-6), "spec.timeZone", *NOT_STRING),
    Bad("no zone", spec_without("timeZone"), "spec.timeZone", *REQUIRED),
    Bad("a zone of null", spec(timeZone=None), "spec.timeZone", *REQUIRED),
]  # fmt: skip

LISTS = [
    Bad("no windows", spec_without("windows"), "spec.windows", *REQUIRED),
    Bad("windows of null", spec(windows=None), "spec.windows", *REQUIRED),
    Bad("windows as a mapping", spec(windows={}), "spec.windows", *NOT_LIST),
    Bad("a window as a string", spec(windows=["summer"]), "spec.windows[0]", *NOT_MAPPING),
    Bad("too many windows", spec(windows=[window(name=f"w{n}") for n in range(33)]), "spec.windows",
        "Too many", "keep to 32 entries"),
    Bad("windows of one name", spec(windows=[window(), window("12-20", "01-03")]), "spec.windows",
        "two windows have the same name: give each its own"),
    Bad("a window without a name", spec(windows=[{"firstDay": "06-15", "lastDay": "08-09"}]),
        "spec.windows[0].name", *REQUIRED),
    Bad("a window without a last day", spec(windows=[{"name": "a", "firstDay": "06-15"}]), LAST, *REQUIRED),
    Bad("a window's name in capitals", spec(windows=[window(name="Summer")]), "spec.windows[0].name",
        NAME_FORM),
    Bad("a window's name empty", spec(windows=[window(name="")]), "spec.windows[0].name", NAME_FORM),
    Bad("a window's name too long", spec(windows=[window(name="a" * 64)]), "spec.windows[0].name",
        "Too long", "keep to 63 characters"),
    Bad("no school", spec(schools=[]), "spec.schools", NO_SCHOOLS),
    Bad("a school of null", spec(schools=["a", None]), "spec.schools[1]", *NOT_STRING),
    Bad("schools as a string", spec(schools="lincoln-high"), "spec.schools", *NOT_LIST),
    Bad("a school with a space", spec(schools=["Lincoln High"]), "spec.schools[0]", VALUE_FORM),
    Bad("a school's name empty", spec(schools=[""]), "spec.schools[0]", VALUE_FORM),
    Bad("a school's name too long", spec(schools=["s" * 64]), "spec.schools[0]", "Too long", "63 characters"),
    Bad("too many schools", spec(schools=[f"s{n}" for n in range(501)]), "spec.schools", "Too many",
        "500 entries"),
]  # fmt: skip

EXEMPTIONS = [
    Bad("an exemption of nothing", spec(exemptions=[exemption_without("applications")]), EXEMPTION,
        TARGET_NEEDED),
    Bad("an exemption of no application", _exempt(applications=[]), f"{EXEMPTION}.applications", EMPTY_NAMES),
    Bad("an exemption of no school", _exempt(schools=[]), f"{EXEMPTION}.schools", EMPTY_NAMES),
    Bad("an exemption of everything", _exempt(selector={}), f"{EXEMPTION}.selector", EMPTY_SELECTOR),
    Bad("an exemption of everything, at length", _exempt(selector=selecting()), f"{EXEMPTION}.selector",
        EMPTY_SELECTOR),
    Bad("an exemption without a reason", spec(exemptions=[exemption_without("reason")]),
        f"{EXEMPTION}.reason",
        *REQUIRED),
    Bad("a reason of spaces", _exempt(reason=" \t\n"), f"{EXEMPTION}.reason", REASON_NEEDED),
    Bad("a reason too long", _exempt(reason="x" * 257), f"{EXEMPTION}.reason", "Too long", "256 characters"),
    Bad("until before from", _exempt(**{"from": "2027-07-20", "until": "2027-06-20"}), f"{EXEMPTION}.until",
        "2027-06-20 is before from 2027-07-20: put the later day in until"),
    Bad("from of every year", _exempt(**{"from": "06-20"}), f"{EXEMPTION}.from", DATED_FORM),
    Bad("until a day that is not", _exempt(until="2027-06-31"), f"{EXEMPTION}.until", NO_SUCH_DAY),
    Bad("too many exemptions", spec(exemptions=[exemption(name=f"e{n}") for n in range(65)]),
        "spec.exemptions",
        "Too many", "64 entries"),
    Bad("too many exempt schools", _exempt(schools=[f"s{n}" for n in range(101)]), f"{EXEMPTION}.schools",
        "Too many", "100 entries"),
    Bad("exemptions of one name", spec(exemptions=[exemption(), exemption()]), "spec.exemptions",
        "two exemptions have the same name: give each its own"),
    Bad("a null among exemptions", spec(exemptions=[None]), "spec.exemptions[0]", *NOT_MAPPING),
    Bad("an exempt application with a comma", _exempt(applications=["a,b"]), f"{EXEMPTION}.applications[0]",
        VALUE_FORM),
]  # fmt: skip

SELECTORS = [
    Bad("an operator that is none", _select(key="a", operator="Equals", values=["b"]),
        f"{EXPRESSION}.operator",
        "Unsupported value", "'In', 'NotIn', 'Exists' or 'DoesNotExist'"),
    Bad("In without values", _select(key="a", operator="In"), f"{EXPRESSION}.values", VALUES_NEEDED),
    Bad("NotIn of no value", _select(key="a", operator="NotIn", values=[]), f"{EXPRESSION}.values",
        VALUES_NEEDED),
    Bad("Exists with values", _select(key="a", operator="Exists", values=["b"]), f"{EXPRESSION}.values",
        NO_VALUES),
    Bad("DoesNotExist with values", _select(key="a", operator="DoesNotExist", values=["b"]),
        f"{EXPRESSION}.values", NO_VALUES),
    Bad("an expression without a key", _select(operator="Exists"), f"{EXPRESSION}.key", *REQUIRED),
    Bad("a key with a space", _select(key="a b", operator="Exists"), f"{EXPRESSION}.key", KEY_FORM),
    Bad("a key of two slashes", _select(key="a/b/c", operator="Exists"), f"{EXPRESSION}.key", KEY_FORM),
    Bad("a key's name too long", _select(key="a" * 64, operator="Exists"), f"{EXPRESSION}.key", KEY_FORM),
    Bad("a key's prefix too long", _select(key=f"{'a' * 254}/b", operator="Exists"), f"{EXPRESSION}.key",
        KEY_FORM),
    Bad("a key in matchLabels", spec(selector=selecting(**{"-a": "b"})), "spec.selector.matchLabels",
        KEY_FORM),
    Bad("a value in matchLabels", spec(selector=selecting(a="b c")), "spec.selector.matchLabels.a",
        VALUE_FORM,
        server_path="spec.selector.matchLabels[a]"),
    Bad("a number in matchLabels", spec(selector=selecting(a=1)), "spec.selector.matchLabels.a", *NOT_STRING),
    Bad("a value in an expression", _select(key="a", operator="In", values=["-"]), f"{EXPRESSION}.values[0]",
        VALUE_FORM),
    Bad("too many labels", spec(selector=selecting(**{f"l{n}": "x" for n in range(17)})),
        "spec.selector.matchLabels", "Too many", "16 entries"),
    Bad("a selector by name alone", spec(selector={"tier": "sync"}), "spec.selector.tier", *UNKNOWN),
]  # fmt: skip

SPREADS = [
    Bad(f"spread {text or 'empty'!r}", spec(resumeSpread=text), "spec.resumeSpread", DURATION_FORM)
    for text in (
        "",
        "5",
        "-5m",
        "1.5h",
        "25h",
        "24h1s",
        "abc",
        "30 m",
        "1m1h",
        "1d",
        "90M",
        "100ms",
        "999999h",
        "1h\n",
    )
] + [Bad("a spread as a number", spec(resumeSpread=30), "spec.resumeSpread", *NOT_STRING)]

CHOICES = [
    Bad(f"{field} {value}", spec(**{field: value}), f"spec.{field}", "Unsupported value", "write '")
    for field, value in (
        ("missedRuns", "skip"), ("activeJobs", "Delete"), ("mode", "dryRun"), ("mode", ""), ("mode",
        "Enforced")
    )
] + [
    Bad("enforcement hard", spec(enforcement="Hard"), "spec.enforcement", "Unsupported value", "write '",
        kinds=CLUSTER),
    Bad("a choice as a boolean", spec(mode=True), "spec.mode", "must be of type string", "write '"),
]  # fmt: skip

FIELDS = [
    Bad("a field misspelt", spec(timezone="UTC"), "spec.timezone", *UNKNOWN),
    Bad("a field in snake case", spec(missed_runs="Skip"), "spec.missed_runs", *UNKNOWN),
    Bad("a field of a window misspelt", spec(windows=[window(lastday="2027-08-14")]),
        "spec.windows[0].lastday",
        *UNKNOWN),
    Bad("a field of an exemption misspelt", _exempt(school="a"), f"{EXEMPTION}.school", *UNKNOWN),
    Bad("a cluster's field in a namespace", spec(enforcement="Enforced"), "spec.enforcement", *UNKNOWN,
        kinds=NAMESPACED),
    Bad("a namespace selector in a namespace", spec(namespaceSelector={}), "spec.namespaceSelector", *UNKNOWN,
        kinds=NAMESPACED),
]  # fmt: skip

BAD = [*DAYS, *ZONES, *LISTS, *EXEMPTIONS, *SELECTORS, *SPREADS, *CHOICES, *FIELDS]
