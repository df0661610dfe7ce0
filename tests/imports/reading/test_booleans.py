"""The words for active and inactive, in eight languages, and those that a file brings itself."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.reading import booleans
from imports.reading.booleans import MOST_WORDS, WORDS, BooleanReader, check_words, folded, words_found
from imports.reading.errors import BadValueError, FileRefusedError


def meaning(text: str, words: dict[str, bool] | None = None) -> bool | None:
    try:
        return BooleanReader(words).read([text])[0]
    except BadValueError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "true",
            "TRUE",
            "t",
            "yes",
            "Y",
            "1",
            "1.0",
            "1,0",
            "1.00",
            "on",
            "Active",
            "published",
            "enabled",
            "visible",
        ),
        *("in stock", "in_stock", "In-Stock", "IN STOCK", "instock", "available", "✓", "✔", "✔\ufe0f", "✅", "☑"),
        *("ja", "JA", "j", "wahr", "aktiv", "verfügbar", "verfu\u0308gbar", "veröffentlicht", "auf Lager", "sichtbar"),
        *("oui", "vrai", "actif", "active", "publié", "en stock", "disponible", "en ligne"),
        *("sí", "si", "SI\u0301", "verdadero", "activo", "activa", "publicado", "habilitado"),
        *("sì", "vero", "attivo", "attiva", "pubblicato", "disponibile", "visibile"),
        *("waar", "actief", "ingeschakeld", "beschikbaar", "op voorraad", "zichtbaar"),
        *("tak", "prawda", "aktywny", "włączony", "dostępny", "opublikowany", "widoczny"),
        *("sim", "verdadeiro", "ativo", "disponível", "em estoque", "visível"),
        *(" true ", "\ufefftrue", "true\u200b", "op  voorraad"),
    ],
)
def test_what_means_active(text: str) -> None:
    assert meaning(text) is True


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\u200b"])
def test_an_empty_cell_says_nothing(text: str) -> None:
    assert BooleanReader({"": True}).read([text]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "false",
            "FALSE",
            "f",
            "no",
            "N",
            "0",
            "0.0",
            "0,00",
            "-1",
            "-1.0",
            "off",
            "inactive",
            "unpublished",
            "draft",
        ),
        *("archived", "disabled", "hidden", "out of stock", "out_of_stock", "Out-of-stock", "discontinued", "private"),
        *("✗", "✘", "❌", "✖\ufe0f", "☐"),
        *("nein", "falsch", "inaktiv", "nicht verfügbar", "Entwurf", "ausverkauft", "nicht auf Lager"),
        *("non", "faux", "inactif", "désactivé", "brouillon", "épuisé", "rupture de stock", "masqué"),
        *("falso", "inactivo", "borrador", "agotado", "sin stock", "deshabilitado", "oculto"),
        *("non attivo", "inattivo", "bozza", "esaurito", "disattivato", "nascosto", "non disponibile"),
        *("nee", "onwaar", "inactief", "niet actief", "concept", "niet op voorraad", "uitverkocht", "verborgen"),
        *("nie", "fałsz", "nieaktywny", "wyłączony", "szkic", "niedostępny", "brak w magazynie", "ukryty"),
        *("não", "nao", "inativo", "rascunho", "esgotado", "indisponível", "sem estoque"),
    ],
)
def test_what_means_inactive(text: str) -> None:
    assert meaning(text) is False


@pytest.mark.parametrize(
    "text",
    ["maybe", "2", "2.0", "01", "10", "11", "-0.5", "0.5", "truee", "yes!", "null", "None", "t rue", "x", "-", "☒"],
)
def test_what_is_neither(text: str) -> None:
    assert meaning(text) is None


def test_the_reason_names_the_word_and_what_to_write() -> None:
    with pytest.raises(BadValueError) as caught:
        BooleanReader().read(["vielleicht"])
    assert caught.value.code == "not_boolean"
    assert str(caught.value) == "'vielleicht' is not known as a word for active or inactive; write true or false."


def test_no_word_is_in_both_lists() -> None:
    lists = [booleans._table(words, active=True) for words in (booleans._ACTIVE, booleans._INACTIVE)]
    assert not set(lists[0]) & set(lists[1])
    assert len(WORDS) == len(lists[0]) + len(lists[1])


def test_each_word_is_listed_in_the_form_that_is_looked_up() -> None:
    assert [word for word in WORDS if folded(word) != word] == []


def test_the_words_of_the_file_come_first() -> None:
    words = {"draft": True, "Ja": False, "ausgelaufen": False, "in_stock": False, "1": False, "🟢": True}
    texts = ["draft", "JA", "Ausgelaufen", "in stock", "1.0", "🟢", "yes"]
    assert BooleanReader(words).read(texts) == [True, False, False, False, False, True, True]
    assert meaning("ausgelaufen") is None


def test_the_words_of_a_column_are_listed_once_in_the_order_of_the_file() -> None:
    values = ["ja", "Nein", "", "JA", "vielleicht", "Ja ", "in_stock", "in stock"]
    assert words_found(values) == {"ja": True, "nein": False, "vielleicht": None, "in stock": True}
    assert words_found(values, {"vielleicht": False, "ja": False}) == {
        "ja": False,
        "nein": False,
        "vielleicht": False,
        "in stock": True,
    }


def test_of_a_column_that_is_no_boolean_not_every_text_is_listed() -> None:
    assert len(words_found(map(str, range(2 * MOST_WORDS)))) == MOST_WORDS


def test_a_column_of_many_spellings_is_not_kept_in_memory() -> None:
    reader = BooleanReader()
    reader.read([" " * spaces + "yes" for spaces in range(3 * MOST_WORDS)])
    assert len(reader) <= MOST_WORDS


@pytest.mark.parametrize("asked", [None, ["ja"], {"ja": "true"}, {"ja": 1}, {"ja": None}, {1: True, "x" * 500: 0}])
def test_words_that_say_neither_active_nor_inactive_are_refused(asked: object) -> None:
    with pytest.raises(FileRefusedError, match=r"^words: .*\.$"):
        check_words(asked)


def test_words_that_do_are_taken() -> None:
    assert check_words({"ja": True, "nein": False}) == {"ja": True, "nein": False}


# Against a plain model.

SPELLINGS = (
    str.upper,
    str.title,
    str.lower,
    lambda word: unicodedata.normalize("NFD", word),
    lambda word: f" {word}\u00a0",
)


@hypothesis_settings(max_examples=300)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), st.booleans(), max_size=4), st.data())
def test_a_column_of_any_words_is_read_word_by_word(own: dict[str, bool], data: st.DataObject) -> None:
    spelled = st.builds(lambda word, spell: spell(word), st.sampled_from([*WORDS, *own]), st.sampled_from(SPELLINGS))
    column = data.draw(st.lists(st.one_of(spelled, st.text(max_size=8))))
    table = {**WORDS, **{folded(word): is_active for word, is_active in own.items()}}
    expected = [table.get(folded(text)) if folded(text) else None for text in column]

    assert [meaning(text, own) for text in column] == expected
    assert words_found(column, own) == {
        folded(text): is_active for text, is_active in zip(column, expected, strict=True) if folded(text)
    }


@hypothesis_settings(max_examples=300)
@given(st.sampled_from(sorted(WORDS)), st.sampled_from(SPELLINGS))
def test_a_word_means_the_same_in_any_spelling(word: str, spell) -> None:
    assert meaning(spell(word)) is WORDS[word]
