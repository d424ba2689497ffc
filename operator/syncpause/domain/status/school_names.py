"""Object names for schools: a label value may hold what the name of an object may not."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from syncpause.api.labels import DNS_LABEL

_FORBIDDEN = re.compile(r"[^a-z0-9]+")
_DIGITS = 16


@lru_cache(maxsize=65536)
def object_name(school: str) -> str:
    """The name of the SchoolSync of a school; schools of different names get different ones.

    A valid name that has no dot is kept. Any other becomes what can be kept of it and a hash, with a dot
    between, so that no school's own name can be another's made-up one. 64 bits of SHA-256 tell them apart.
    Source of the form: RFC 1123 subdomain, at most 253 characters; a label value has 63 at most.
    """
    if re.fullmatch(DNS_LABEL, school):
        return school
    kept = _FORBIDDEN.sub("-", school.lower()).strip("-") or "school"
    return f"{kept}.{hashlib.sha256(school.encode()).hexdigest()[:_DIGITS]}"
