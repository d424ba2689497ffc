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
    """A school: the value of the label ``syncpause.dev/school`` within one namespace."""

    namespace: str
    name: str

    @classmethod
    def of(cls, workload: Workload) -> School:
        """The school of a workload. Its name is empty where the workload has lost the label."""
        return cls(workload.namespace, workload.school)

    def __str__(self) -> str:
        return f"school {self.namespace}/{self.name}"


@lru_cache(maxsize=65536)
def object_name(school: str) -> str:
    """The name of the SchoolSync of a school. Schools of different names get different ones.

    A label value may hold what the name of an object may not. A value that is a DNS label stays as it is. Any
    other becomes its valid characters, a dot and a hash: no DNS label has a dot, so a made-up name is never
    another school's own. 64 bits of SHA-256 keep made-up names apart.
    Source of the form: RFC 1123 subdomain, at most 253 characters; a label value has at most 63.
    """
    if re.fullmatch(DNS_LABEL, school):
        return school
    kept = _FORBIDDEN.sub("-", school.lower()).strip("-") or "school"
    return f"{kept}.{hashlib.sha256(school.encode()).hexdigest()[:_DIGITS]}"
