"""How a command ends when it cannot do what was asked: one sentence, and an exit code that scripts can use.

0: done. 1: the answer is no (``validate`` found a mistake, ``preview --exit-code`` a change). 2: the command
was called wrongly. 3: the cluster cannot be reached, refuses, or has no such object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import click

from syncpause.kube.errors import ApiError, Forbidden, NotFound, forbids_impersonation

ANSWER_IS_NO = 1
CLUSTER = 3

_NO_KIND = "404 page not found"
_REFUSED = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)


class WrongInput(click.ClickException):
    """Ends the command because of what it was given: a file, a date, a name."""

    exit_code = 2


class Failure(click.ClickException):
    """Ends the command with a sentence."""

    exit_code = CLUSTER


def unknown(what: str, name: str, known: Iterable[str], where: str) -> Failure:
    """There is nothing of that name; names those that are spelled nearly so."""
    near = get_close_matches(name, sorted(set(known)), n=3)
    hint = f"; is it {' or '.join(near)}?" if near else ""
    return Failure(f"there is no {what} {name} {where}{hint}")


def failure_of(error: ApiError) -> Failure:
    """What a person should read of an error of the API server, with the fix."""
    if forbids_impersonation(error):
        return Failure(
            f"{error.message}: ask for the right to impersonate, or remove `as` from the kubeconfig"
        )
    if about_login(error):
        return Failure(
            f"the credentials do not suffice: {error.message}; log in again, or correct the kubeconfig"
        )
    if isinstance(error, Forbidden):
        return Failure(f"{missing_right(error)}: ask whoever administers the cluster for that right")
    if isinstance(error, NotFound) and _NO_KIND in error.message:
        return Failure("this cluster does not know the kinds of syncpause.dev: apply crds/ first")
    return Failure(error.message)


def about_login(error: ApiError) -> bool:
    """Whether the API server refuses the user as such: then no part of an answer is of use."""
    anonymous = isinstance(error, Forbidden) and 'User "system:anonymous"' in error.message
    return error.status == 401 or anonymous or forbids_impersonation(error)


def missing_right(error: Forbidden) -> str:
    """The right that is missing, as ``you may not list cronjobs.batch in namespace district-9``."""
    found = _REFUSED.search(error.message)
    if found is None:
        return error.message
    resource = found["resource"] + (f".{found['group']}" if found["group"] else "")
    where = f"in namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    return f"you may not {found['verb']} {resource} {where}"
