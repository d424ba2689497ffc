"""Text from other people, made safe for a terminal and for a log line.

Names, reasons and messages come from tenants, API servers and exec plugins. A raw escape sequence in them
would command the terminal; a raw line feed would fake a log line.
"""

from __future__ import annotations

import unicodedata

_UNSAFE = ("Cc", "Cf", "Zl", "Zp", "Cs")
"""Unicode categories: control, format (for example right-to-left override), line separators, surrogates."""


def printable(text: str, *, keep: str = "") -> str:
    """The text with each unsafe character spelled as Python spells it; those in ``keep`` stay."""
    if text.isprintable():
        return text
    return "".join(character if character in keep else _spelled(character) for character in text)


def one_line(text: str) -> str:
    """The printable text, with every run of white space as one space."""
    return printable(" ".join(text.split()))


def is_printable(text: str, *, keep: str = "") -> bool:
    """Whether ``printable`` returns the text unchanged."""
    return printable(text, keep=keep) == text


def _spelled(character: str) -> str:
    if unicodedata.category(character) in _UNSAFE:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character
