"""Which names commenters may not go by: those of the crew, of the makers, and of the desk. Pure.

Names are compared by how they look, so both sides are folded first: case, accents, white space,
invisible characters and letters that look like others make no difference. Look-alikes follow
Unicode's confusables (UTS 39), as far as they look like Latin letters and digits.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.state.models import Broadcast

    Words = tuple[str, ...]

_ALIKE: Final = {
    "a": "аАαΑᎪɑ@",
    "b": "ЬВвΒᏴ",
    "c": "сСϲϹᏟ",
    "d": "ԁᎠ",
    "e": "еЕΕεᎬ€",
    "f": "ғ",
    "g": "ցɡᏀ",
    "h": "һНнΗᎻհ",
    "i": "іІӀιΙıɩⲒ",
    "j": "јЈϳᎫȷ",
    "k": "кКκΚᏦĸ",
    "l": "ʟⅼӏ1|ǀ",
    "m": "мМΜᎷ",
    "n": "ոηΝŋ",
    "o": "оОοΟօסσ0",
    "p": "рРρΡᏢ",
    "q": "ԛԚգ",
    "r": "гᎡ",
    "s": "ѕЅՏᏚ$",
    "t": "тТτΤᎢ",
    "u": "սυ",
    "v": "ѵѴνᏙ",
    "w": "ԝԜωᎳ",
    "x": "хХχΧ",
    "y": "уУүγΥҮ",
    "z": "ΖᏃ",
}
"""Letters of other scripts, digits and signs, by the Latin letter that they look like."""
_TABLE: Final = str.maketrans({char: to for to, chars in _ALIKE.items() for char in chars})
_LATIN: Final = re.compile(
    r"(?:LATIN|SYMBOL) (?:CAPITAL |SMALL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .+)?"
)
"""Names of letters that are a Latin one with a stroke, hook or frame: ø, ł, ᴀ, 🅐, 🇦."""
_CODE: Final = re.compile(r"[^\W\d]+\d+")
"""A role's short name, such as EV1; its other words may be anybody's."""
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols that show nothing."""
_BACKWARDS: Final = frozenset("\u202e\u2067")
"""What makes browsers show letters in the opposite order."""
_LEAST: Final = 8
"""A name of so many letters is found inside of others too: chance does not bring them together."""


@lru_cache(maxsize=4096)
def fold(name: str, *, by_look: bool = True) -> tuple[str, ...]:
    """The words of a name in lower case, in Latin letters where those look the same.

    Some small letters do not look like their capitals, such as the Greek nu. `by_look` goes by what
    is written; else the small letter counts, so that case makes no difference.
    """
    text = name[::-1] if _BACKWARDS & set(name) else name
    text = unicodedata.normalize("NFKD", text)
    if by_look:
        text = "".join(map(_letter, text))
    text = "".join(map(_letter, unicodedata.normalize("NFKD", text.casefold())))
    text = text.replace("i", "l").replace("vv", "w").replace("rn", "m")
    return tuple(re.findall(r"[^\W_]+", text))


def _letter(char: str) -> str:
    """What a character looks like; "" for what is not seen, or is a mark on another."""
    if char in _BLANK or unicodedata.category(char) in ("Cf", "Cc", "Mn", "Me"):
        return ""
    found = char.translate(_TABLE)
    if found == char and (match := _LATIN.search(unicodedata.name(char, ""))):
        return match[1].lower()
    return found


def _folded(words: str) -> frozenset[str]:
    return frozenset(part for word in words.split() for part in fold(word))


_TITLES: Final = _folded(
    "admin admins administrator administrateur administrador amministratore moderator moderatorin "
    "mod mods moderateur moderador moderatore operator operators desk official offiziell officiel "
    "oficial ufficiale staff"
)
"""Nobody but the desk has one of these words in its name."""
_OFFICES: Final = _folded(
    "broadcast control crew capcom director host mission producer support team "
    "regie redaktion besatzung sendeteam sendeleitung moderation redaction equipe equipage "
    "realizacion redaccion equipo tripulacion regia redazione squadra equipaggio"
)
"""What desk and crew are called; a name of nothing but these words is theirs."""
_FILLERS: Final = _folded(
    "the a of and eva relay live der die das la le les et de du el los y il e"
)
"""Words that make no name another."""


def is_reserved(name: str, broadcast: Broadcast) -> bool:
    """Whether readers would take a commenter of this name for one of the crew, makers or desk."""
    return any(_is_reserved(name, broadcast, partial(fold, by_look=look)) for look in (True, False))


def _is_reserved(name: str, broadcast: Broadcast, folded: Callable[[str], Words]) -> bool:
    words = folded(name)
    if not words:
        return False
    if not _TITLES.isdisjoint((*words, "".join(words))):  # "A.d.m.i.n" has words of one letter
        return True
    roles = [person.role for person in broadcast.crew]
    offices = _OFFICES | {
        word for role in roles for each in _CODE.findall(role) for word in folded(each)
    }
    title = set(folded(broadcast.title))
    if "".join(words) in offices or words in map(folded, roles):  # "EV 1", "Lead spacewalker"
        return True
    if not offices.isdisjoint(words) and (offices | _FILLERS | title).issuperset(words):
        return True
    bare = "".join(word for word in words if word not in offices)
    people = (*broadcast.crew, *broadcast.credits)
    return any(_is_theirs(folded(person.name), words, bare) for person in people)


def _is_theirs(theirs: Words, words: Words, bare: str) -> bool:
    """Whether a name is a person's: alone, beside a role, or among other words."""
    joined, whole = "".join(theirs), "".join(words)
    if not joined:
        return False
    if joined in (whole, bare):
        return True
    if len(theirs) == 1:  # many are called Ada
        return False
    return set(theirs) <= set(words) or (len(joined) >= _LEAST and joined in whole)
