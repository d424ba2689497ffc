"""Names: of windows and exemptions (DNS labels), of schools and applications (label values).

Source of the syntax: Kubernetes, "Labels and Selectors" and "Object Names and IDs".
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from syncpause.api.rules import Rule, Rules

DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_VALUE = "[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_KEY = f"({DNS_LABEL}([.]{DNS_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
MAX_NAME = 63
MAX_KEY_PREFIX = 253
MAX_KEY = MAX_KEY_PREFIX + 1 + MAX_NAME

NAME_FORM = "use lower-case letters, digits and '-', with a letter or digit at both ends, such as summer-2027"
VALUE_FORM = (
    "use letters, digits, '-', '_' and '.', with a letter or digit at both ends, such as lincoln-high"
)
KEY_FORM = "write a label key, such as app or example.com/app: letters, digits, '-', '_' and '.' in the name"


def check_name(name: str) -> str:
    """Returns a DNS label; raises ValueError with the fix."""
    if not re.fullmatch(DNS_LABEL, name):
        raise ValueError(NAME_FORM)
    return name


def check_label_value(value: str) -> str:
    """Returns a label value that is not empty; raises ValueError with the fix."""
    if not re.fullmatch(_VALUE, value):
        raise ValueError(VALUE_FORM)
    return value


def check_selector_value(value: str) -> str:
    """A value in a selector may be empty, as a label's may."""
    return value if value == "" else check_label_value(value)


def check_label_key(key: str) -> str:
    """Returns a label key; raises ValueError with the fix."""
    if not re.fullmatch(_KEY, key) or key.find("/") > MAX_KEY_PREFIX:
        raise ValueError(KEY_FORM)
    return key


def cel_label_key(variable: str) -> str:
    """The CEL expression for `check_label_key`."""
    return f"{variable}.matches('^{_KEY}$') && {variable}.indexOf('/') <= {MAX_KEY_PREFIX}"


def cel_selector_value(variable: str) -> str:
    """The CEL expression for `check_selector_value`."""
    return f"{variable}.matches('^({_VALUE})?$')"


Name = Annotated[
    str,
    Field(max_length=MAX_NAME),
    AfterValidator(check_name),
    Rules(Rule(f"self.matches('^{DNS_LABEL}$')", NAME_FORM)),
]
"""Name of a window or an exemption."""

LabelValue = Annotated[
    str,
    Field(max_length=MAX_NAME),
    AfterValidator(check_label_value),
    Rules(Rule(f"self.matches('^{_VALUE}$')", VALUE_FORM)),
]
"""Name of a school or an application: the value of its label on the workloads."""

SelectorValue = Annotated[
    str,
    Field(max_length=MAX_NAME),
    AfterValidator(check_selector_value),
    Rules(Rule(cel_selector_value("self"), VALUE_FORM)),
]

LabelKey = Annotated[
    str,
    Field(max_length=MAX_KEY),
    AfterValidator(check_label_key),
    Rules(Rule(cel_label_key("self"), KEY_FORM)),
]
