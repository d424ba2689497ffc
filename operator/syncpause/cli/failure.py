"""Errors of a command: one sentence on stderr, and an exit code for scripts.

0: done. 1: the answer is no (``validate`` found a mistake, ``preview --exit-code`` a change). 2: wrong usage.
3: the cluster cannot be reached, refuses the request, or has no such object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

from syncpause.api.names import GROUP
from syncpause.kube.errors import ApiError, Forbidden, NotFound, forbids_impersonation
from syncpause.kube.printable import printable

ANSWER_IS_NO = 1
CLUSTER = 3

_NO_KIND = "404 page not found"
_REFUSED = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_READ = ("get", "list", "watch")


class _Sentence(click.ClickException):
    def format_message(self) -> str:
        return printable(self.message, keep="\n")


class WrongInput(_Sentence):
    """Wrong input: a file, a date, a name."""

    exit_code = 2


class Failure(_Sentence):
    """A failure of the cluster, or of the way to it."""

    exit_code = CLUSTER


def unknown(what: str, name: str, known: Iterable[str], where: str) -> Failure:
    """The error for a name that does not exist, with the names that are spelled nearly so."""
    near = get_close_matches(name, sorted(set(known)), n=3)
    hint = f"; is it {' or '.join(near)}?" if near else ""
    return Failure(f"there is no {what} {name} {where}{hint}")


def incomplete(what: str, missing: Sequence[str]) -> Failure:
    """The error for an answer that is empty because something could not be read."""
    return Failure(
        f"{what} could not be read: {'; '.join(missing)}; ask an administrator of the cluster to bind the"
        " ClusterRole view to you"
    )


def failure_of(error: ApiError) -> Failure:
    """The sentence for an error of the API server, with the fix."""
    if forbids_impersonation(error):
        return Failure(
            f"{error.message}: ask for the right to impersonate, or remove `as` from the kubeconfig"
        )
    if about_login(error):
        return Failure(
            f"the credentials do not suffice: {error.message}; log in again, or correct the kubeconfig"
        )
    if isinstance(error, Forbidden):
        return Failure(f"{missing_right(error)}: {_remedy(error)}")
    return Failure(error.message)


def no_kind(error: ApiError) -> bool:
    """Whether the server does not know the kind or the path, rather than the object."""
    return isinstance(error, NotFound) and _NO_KIND in error.message


def about_login(error: ApiError) -> bool:
    """Whether the API server refuses the user, so that no part of an answer can be read."""
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


def _remedy(error: Forbidden) -> str:
    found = _REFUSED.search(error.message)
    if found is None:
        return "ask an administrator of the cluster for that right"
    reads = found["verb"] in _READ
    if found["resource"] in ("namespaces", "clustersyncpausepolicies"):
        role = "syncpause-cluster-view" if reads else "syncpause-cluster-admin"
    elif found["group"] == GROUP:
        role = "syncpause-view" if reads else "syncpause-edit"
    else:
        role = "view" if reads else "edit"
    narrower = "" if found["namespace"] else "name a namespace with -n, or "
    return f"{narrower}ask an administrator of the cluster to bind the ClusterRole {role} to you"
