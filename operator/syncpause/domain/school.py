"""A school, and the name of the SchoolSync that shows its status."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from syncpause.api.labels import DNS_LABEL
from syncpause.domain.workload import Workload

_FORBIDDEN = re.compile(r"[^a-z0-9]+")
_DIGITS = 16


@dataclass(frozen=True, slots=True, order=True)
class School:
    """A school: a value of the label ``syncpause.dev/school`` in one namespace."""

    namespace: str
    name: str

    @classmethod
    def of(cls, workload: Workload) -> School:
        """Return the school of a workload. Its name is empty if the workload has no school label."""
        return cls(workload.namespace, workload.school)

    def __str__(self) -> str:
        return f"school {self.namespace}/{self.name}"


@lru_cache(maxsize=65536)
def object_name(school: str) -> str:
    """Return the name of the SchoolSync of a school. Different schools get different names.

    A label value may have characters that an object name may not. A value that is a DNS label is the name.
    Any other value becomes its valid characters, a dot and 64 bits of its SHA-256 hash. A DNS label has no
    dot, so such a name never equals the name of another school. Source of the form: RFC 1123 subdomain, at
    most 253 characters; a label value has at most 63.
    """
    if re.fullmatch(DNS_LABEL, school):
        return school
    kept = _FORBIDDEN.sub("-", school.lower()).strip("-") or "school"
    return f"{kept}.{hashlib.sha256(school.encode()).hexdigest()[:_DIGITS]}"
