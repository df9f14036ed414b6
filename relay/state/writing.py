"""What people may write: names and texts that other people read beside those of others. Pure.

Refused is what is not seen, or changes how something else is seen: control characters, overrides
of the direction, letters that show nothing, and towers of marks ("zalgo"). Everything that a script
needs stays: joiners in Persian, Indic and emoji sequences, variation selectors, flags, and the
marks of Vietnamese, Hebrew or Thai.

A name stands in a line among others, so it has no marks of direction at all; pages isolate it. A
text is a block of its own, and may have those that do not override (UAX 9).
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import bidirectional, category, combining, normalize

MARKS: Final = 4
"""So many marks may stand on one letter: a Hebrew one has dot, dagesh, vowel and accent."""
_NOTHING: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols that show nothing."""
_SHOWN: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Format characters that are seen: signs of Arabic, Syriac and Kaithi around a number."""
_JOINERS: Final = frozenset("\u200c\u200d")
_QUIET: Final = frozenset("\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff")
"""What texts may have besides: places to break a line or not, and marks of direction."""
_ISOLATING: Final = frozenset("\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
"""What phones put around names and numbers; its reach ends with the paragraph."""
_FLAG: Final = re.compile("(?<=\U0001f3f4)[\U000e0030-\U000e007a]{1,6}\U000e007f")
"""The rest of a flag such as Scotland's: letters that are not seen, and an end (UTS 51)."""
_VIRAMA: Final = 9
"""The combining class of what joins Indic letters."""


def name(value: str) -> str:
    """What a commenter goes by, in the letters that it looks like, and with single spaces."""
    return re.sub(" +", " ", normalize("NFKC", value))


def require_line(value: str) -> str:
    """Raises `ValueError`: this cannot stand in a line among others."""
    return _require(value, frozenset("\u200c\u200d"), " ")


def require_text(value: str) -> str:
    """Raises `ValueError`: this cannot be a text."""
    return _require(value, _JOINERS | _QUIET | _ISOLATING, " \n\r\t")


def _require(value: str, allowed: frozenset[str], spaces: str) -> str:
    if value.isascii():  # the models have refused control characters
        return value
    text = normalize("NFD", _FLAG.sub("", value))
    marks, is_seen, is_line = 0, False, spaces == " "
    for at, char in enumerate(text):
        kind = category(char)
        if kind in ("Mn", "Me") and char not in _NOTHING:
            marks += 1
            if marks > MARKS:
                raise ValueError(f"must not have more than {MARKS} marks on one letter")
            if at == 0 or text[at - 1].isspace():
                raise ValueError("must not have a mark without its letter")
        elif char in allowed:
            if is_line and not _joins(text[at - 1 : at] if at else "", text[at + 1 : at + 2]):
                raise ValueError(f"must not have invisible characters, such as {_code(char)}")
        elif char not in spaces and _is_unseen(char, kind):
            raise ValueError(f"must not have invisible characters, such as {_code(char)}")
        else:
            marks = 0
            is_seen = is_seen or not char.isspace()
    if value and not is_seen:
        raise ValueError("must have something that can be seen")
    return value


def _is_unseen(char: str, kind: str) -> bool:
    if kind in ("Cc", "Cs", "Zl", "Zp") or char in _NOTHING:
        return True
    if kind == "Cf":
        return char not in _SHOWN
    # What this Python does not know may be an emoji of next year; but not these.
    return kind == "Cn" and (ord(char) & 0xFFFE == 0xFFFE or 0xE0000 <= ord(char) <= 0xE0FFF)


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between these has something to do, and is no hidden letter."""
    if not before or before in _JOINERS or after in _JOINERS:
        return False
    if combining(before) == _VIRAMA:  # it may be the last one: a chillu of Malayalam
        return True
    return after != "" and (
        category(before) in ("So", "Sk", "Mn", "Me")  # emoji, and their selectors
        or bidirectional(before) == "AL"
        or combining(after) == _VIRAMA
    )


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"
