"""Names and texts: those of all scripts are taken, and what hides or steers is refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from relay.audience.comments import CommentName, CommentText
from relay.state.models import STORED, Line, Text, explain
from relay.state.writing import MARKS

NAME: TypeAdapter[str] = TypeAdapter(CommentName)
LINE: TypeAdapter[str] = TypeAdapter(Line)
COMMENT: TypeAdapter[str] = TypeAdapter(CommentText)
TEXT: TypeAdapter[str] = TypeAdapter(Text)
ALL = {"name": NAME, "line": LINE, "comment": COMMENT, "text": TEXT}

HONEST = [
    *("Ada Okafor", "O’Brien-Łukasz Jr.", "Ὀδυσσεύς", "Жанна д’Арк", "Nguyễn Thị Minh Khai"),
    *("محمد عبد اللّٰه", "می‌خواهم", "عَبْدُ ٱللَّٰهِ", "שָׁלוֹם", "אֲבְרָהָם", "בְּרֵאשִׁ֖ית"),
    *("नरेन्द्र", "क्‍ष", "র‍্যাব", "ශ්‍රී ලංකා", "ന്‍", "தமிழ்", "ไม้เอกกี่", "བརྒྱད", "ကျွန်ုပ်", "ខ្ញុំ"),
    *("山田 太郎", "ヴァン・ダイク", "김민준", "王小明", "ᠮᠣᠩᠭᠣᠯ", "ሰላም", "ᏣᎳᎩ", "𐌰𐌽𐍃"),
    *("👩🏽‍🚀", "👨‍👩‍👧‍👦 Family", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Fan", "🇫🇷", "❤️", "1️⃣", "☃︎", "🧑‍🚀👁️‍🗨️", "🏴‍☠️"),
    *("!!!", "x", "7", "ʻOkina", "n̈", "a̋b̋", "☄", "\U0001fae8"),
]
UNSEEN = [
    *(
        "\u200b",
        "\u3164",
        "\u2800",
        "\u115f",
        "\u00ad",
        "\ufeff",
        "\u200d",
        "\u200e \u200f",
        "\u17b4",
    ),
    *("\u202eadA", "\u202dadA", "\x1b[2J", "a\x00", "a\x9bb", "\U000e0041\U000e0042", "a\ufffe"),
    *("\u2800\u2800 \u3164", "a\u2028bc\u3164", "\U0001f3f4\U000e0067" + "\U000e0067" * 9),
]
"""What neither a name nor a text may be."""
STEERED = [
    *("A\u200bda", "A\u2066b\u2069", "a\u202ab\u202c", "Ada\u200f", "\u061cAda", "A\u2060da"),
    *(
        "A\u200dda",
        "A\u200cda",
        "\u200d🚀",
        "🚀\u200d",
        "🚀\u200d\u200d🚀",
        "A\u00adda",
        "a\nb",
        "a\u2028b",
    ),
]
"""What no name may be, besides."""
ZALGO = [
    "a" + "\u0301" * (MARKS + 1),
    "Z̴̡̢̛͖̗̘̙̜a̴l̴g̴o",
    "e\u0301\u200d" * 1 + "x" + "\u20e3" * 9,
    "\u0301a",
    "a \u0301b",
]


def taken(kind: str, value: str) -> bool:
    try:
        ALL[kind].validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("value", HONEST)
def test_names_and_texts_of_all_scripts_are_taken_whole(kind: str, value: str) -> None:
    composed = unicodedata.normalize("NFKC" if kind == "name" else "NFC", value)
    assert ALL[kind].validate_python(value) == composed


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("value", [*UNSEEN, *ZALGO])
def test_what_is_not_seen_or_covers_others_is_refused(kind: str, value: str) -> None:
    assert not taken(kind, value)


@pytest.mark.parametrize("value", STEERED)
def test_names_have_no_marks_of_direction_and_no_joiners_that_join_nothing(value: str) -> None:
    assert not taken("name", value)
    assert not taken("line", value)


def test_texts_may_have_marks_that_do_not_override() -> None:
    for value in (
        "שלום\u200f!",
        "\u2068Ada\u2069: hi",
        "ภาษา\u200bไทย",
        "Donau\u00addampf",
        "a\nb\tc",
    ):
        assert taken("comment", value)
        assert taken("text", value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("\u202eadA", "must not have invisible characters, such as U+202E"),
        ("a\u2800", "must not have invisible characters, such as U+2800"),
        ("a" + "\u0301" * 9, "must not have more than 4 marks on one letter"),
        ("\u0301a", "must not have a mark without its letter"),
        ("\ufe0f", "must not have a mark without its letter"),
        ("  ", "must not be empty"),
    ],
)
def test_who_wrote_it_is_told_what_is_wrong(value: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        NAME.validate_python(value)
    assert explain(caught.value) == f"body: {said}"


def test_names_are_folded_to_what_they_look_like() -> None:
    assert NAME.validate_python(" Ａｄａ　 𝓞𝓴𝓪𝓯𝓸𝓻 ") == "Ada Okafor"
    assert NAME.validate_python("Ada\u00a0\u2003Okafor") == "Ada Okafor"
    assert NAME.validate_python("e\u0301") == "\u00e9"
    assert LINE.validate_python("CO₂ scrubber ①") == "CO₂ scrubber ①"


def test_what_was_stored_before_there_was_a_rule_stays_readable() -> None:
    for value in ("\u202eadA", "a" + "\u0301" * 40, "\u3164", "ﷺ" * 60):
        assert NAME.validate_python(value, context=STORED) == value


@given(st.text(max_size=60), st.sampled_from(sorted(ALL)))
def test_what_is_taken_is_seen_and_steers_nothing(value: str, kind: str) -> None:
    if not taken(kind, value):
        return
    found = ALL[kind].validate_python(value)
    if kind != "text":
        assert any(unicodedata.category(char)[0] in "LNPSC" for char in found)
    assert not {"\u202d", "\u202e", "\x1b", "\u3164"} & set(found)
    if kind in ("name", "line"):
        assert all(
            char.isprintable() or char in "\u200c\u200d" or ord(char) > 0x2FF for char in found
        )
        assert "\n" not in found
    marks = 0
    for char in found:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert marks <= MARKS
    assert ALL[kind].validate_python(found) == found


@given(st.text(st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Nd")), min_size=1, max_size=40))
def test_letters_and_digits_of_any_script_are_a_name(value: str) -> None:
    shown = value.translate(dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0")))
    assert not shown or len(unicodedata.normalize("NFKC", shown)) > 60 or taken("line", shown)
