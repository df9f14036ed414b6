"""Names that commenters may not go by."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from relay.audience.names import fold, is_reserved
from relay.state.models import Broadcast

EVA = Broadcast.model_validate(
    {
        "slug": "eva",
        "title": "EVA 42",
        "crew": [
            {"name": "Ada Okafor", "role": "EV1, lead spacewalker"},
            {"name": "Νίκος Παππάς", "role": "EV2"},
            {"name": "Søren Łuk", "role": "Arm"},
            {"name": "Олег Котов", "role": "Capcom"},
            {"name": "Jo", "role": "IV"},
            {"name": "!!!", "role": "Band"},
        ],
        "credits": [{"name": "Olga Kern", "role": "Music"}],
    }
)


@pytest.mark.parametrize(
    "name",
    [
        *("Ada Okafor", "ada okafor", "ADA  OKAFOR", "Okafor, Ada", "AdaOkafor", "Ada_Okafor"),
        *(
            "A.d.a. O.k.a.f.o.r",
            "Ada\u00a0Okafor",
            "Ada\u2003Okafor",
            "Ádà Ôkåfor",
            "Ada O\u0301kafor",
        ),
        *("Аdа Оkаfоr", "Αda Οκafοr", "Ada 0kafor", "@da Okafor", "ᴀᴅᴀ ᴏᴋᴀꜰᴏʀ", "Ada Оkаfоr ✓"),
        *("Ａｄａ　Ｏｋａｆｏｒ", "𝓐𝓭𝓪 𝓞𝓴𝓪𝓯𝓸𝓻", "Ⓐⓓⓐ Okafor", "🅐🅓🅐 🅾🅺🅰🅵🅾🆁", "🇦🇩🇦 Okafor"),
        *(
            "A\u200bda Ok\u2060afor",
            "Ada O\u00adkafor",
            "Ada Okafor\u3164",
            "\ufeffAda\u2800Okafor",
        ),
        *("\u202erofakO adA", "\u2067rofakO adA\u2069"),
        *("Ada Okafor (EV1)", "EV1 Ada Okafor", "The real Ada Okafor", "AdaOkafor2", "xAdaOkaforx"),
        *("νικος παππας", "ΝΙΚΟΣ ΠΑΠΠΑΣ", "Νίκος Παππάς", "Soren Luk", "SØREN ŁUK", "олег котов"),
        *("ОЛЕГ КОТОВ", "Jo", "J0", "jo", "Jo (EV1)", "Olga Kern", "Olga Kem"),
        *("EV1", "ev 1", "ЕV1", "EV2", "Arm"),
    ],
)
def test_a_name_of_the_crew_is_theirs_however_it_is_written(name: str):
    assert is_reserved(name, EVA)


@pytest.mark.parametrize(
    "name",
    [
        *("Desk", "desk", "EVA desk", "The Desk", "Dеsk", "D E S K", "Maren, desk", "Moderator"),
        *("m0derator", "Modérateur", "Moderatorin", "Admin", "A.d.m.i.n", "EVA 42 team", "Regie"),
        *("Mission Control", "Régie", "Redaktion", "Rédaction", "Redacción", "Redazione", "Staff"),
        *("The EVA Relay team", "Crew", "Official EVA"),
    ],
)
def test_a_name_of_the_desk_is_its_own(name: str):
    assert is_reserved(name, EVA)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Anna",
            "Maren",
            "Ada",
            "Okafor",
            "Ada Lovelace",
            "Adam Okafo",
            "Νίκος",
            "Νίκος Γεωργίου",
        ),
        *("Joanna", "Jolie", "Jo March", "Will Kern", "Олег", "李小龙", "Ἀθηνᾶ", "محمد", "नेहा"),
        *("EVA", "EVA fan", "EVA 42", "Mission fan", "Team Rocket", "Spacewalker", "Live"),
        *("🚀", "...", "!!!", "\u200b", "Desktop", "Modesty", "Operetta", "Music"),
    ],
)
def test_everybody_else_keeps_their_name(name: str):
    assert not is_reserved(name, EVA)


def test_a_broadcast_without_a_crew_has_a_desk():
    alone = Broadcast(slug="alone", title="Alone")
    assert not is_reserved("Ada Okafor", alone)
    assert is_reserved("Desk", alone)


def test_folding_takes_every_character_and_is_done_at_once():
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        for look in (True, False):
            for word in fold(char, by_look=look):
                assert word
                assert not any(unicodedata.category(each) in ("Cf", "Mn") for each in word)
    fold.cache_clear()
