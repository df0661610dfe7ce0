"""The words for active and inactive, in the languages of the importer's users. Knows no file and no row.

A word that means yes in one of the languages and no in another is in no list here. A file may bring words of its own,
which come first: a known format its statuses, a person what the file's words mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from imports.reading.errors import BadValueError, FileRefusedError
from imports.reading.texts import shown
from products.fields import strip_all

# Of each word the form that `folded` gives. English, German, French, Spanish, Italian, Dutch, Polish, Portuguese.
_ACTIVE = (
    "1, true, t, yes, y, on, active, activated, enabled, published, visible, available, in stock, instock, live, "
    "online, listed, for sale",
    "wahr, ja, j, ein, an, aktiv, aktiviert, veröffentlicht, sichtbar, verfügbar, auf lager, lieferbar, vorrätig",
    "vrai, oui, actif, active, activé, activée, publié, publiée, visible, disponible, en stock, en ligne",
    "verdadero, sí, si, s, activo, activa, activado, activada, habilitado, habilitada, publicado, publicada, "
    "disponible",
    "vero, sì, attivo, attiva, attivato, attivata, abilitato, abilitata, pubblicato, pubblicata, visibile, disponibile",
    "waar, actief, ingeschakeld, aan, gepubliceerd, zichtbaar, beschikbaar, op voorraad, leverbaar",
    "prawda, tak, aktywny, aktywna, aktywne, włączony, włączona, włączone, opublikowany, opublikowana, opublikowane, "
    "widoczny, widoczna, widoczne, dostępny, dostępna, dostępne, w magazynie",
    "verdadeiro, sim, ativo, ativa, ativado, ativada, visível, disponível, em estoque, em stock",
    "✓, ✔, ✅, ☑",
)
_INACTIVE = (
    # What WooCommerce has for a draft.
    "0, -1, false, f, no, n, off, inactive, not active, deactivated, disabled, unpublished, not published, draft, "
    "archived, hidden, private, pending, unavailable, not available, out of stock, outofstock, sold out, discontinued, "
    "offline, not for sale",
    "falsch, nein, aus, inaktiv, nicht aktiv, deaktiviert, nicht veröffentlicht, entwurf, archiviert, versteckt, "
    "verborgen, unsichtbar, nicht sichtbar, nicht verfügbar, nicht auf lager, nicht lieferbar, nicht vorrätig, "
    "ausverkauft",
    "faux, non, inactif, inactive, non actif, désactivé, désactivée, non publié, non publiée, brouillon, archivé, "
    "archivée, masqué, masquée, caché, cachée, indisponible, non disponible, en rupture, en rupture de stock, "
    "rupture de stock, épuisé, épuisée, hors ligne",
    "falso, inactivo, inactiva, no activo, no activa, desactivado, desactivada, deshabilitado, deshabilitada, "
    "no publicado, no publicada, borrador, archivado, archivada, oculto, oculta, no disponible, agotado, agotada, "
    "sin stock, fuera de stock",
    "inattivo, inattiva, non attivo, non attiva, disattivo, disattivato, disattivata, disabilitato, disabilitata, "
    "non pubblicato, non pubblicata, bozza, archiviato, archiviata, nascosto, nascosta, non disponibile, esaurito, "
    "esaurita",
    "onwaar, nee, inactief, niet actief, uitgeschakeld, uit, niet gepubliceerd, concept, gearchiveerd, verborgen, "
    "niet zichtbaar, niet beschikbaar, niet op voorraad, niet leverbaar, uitverkocht",
    "fałsz, nie, nieaktywny, nieaktywna, nieaktywne, wyłączony, wyłączona, wyłączone, nieopublikowany, szkic, "
    "zarchiwizowany, zarchiwizowana, ukryty, ukryta, ukryte, niedostępny, niedostępna, niedostępne, brak w magazynie",
    "não, nao, inativo, inativa, desativado, desativada, desabilitado, desabilitada, não publicado, rascunho, "
    "arquivado, arquivada, indisponível, esgotado, esgotada, sem estoque, sem stock",
    "✗, ✘, ❌, ✖, ☐",
)

# An emoji's look is no part of the word: "✔" and "✔️".
_VARIATION = str.maketrans("", "", "\ufe0e\ufe0f")
_BETWEEN_LETTERS = re.compile(r"(?<=\w)[-_](?=\w)").sub
# 1.0 and 0,00 are what spreadsheets and databases make of 1 and 0.
_WHOLE_NUMBER = re.compile(r"(-?[0-9])[.,]0{1,6}").fullmatch


def folded(text: str) -> str:
    """`text` without what people vary: letter case, outer and double spaces, hyphens and underscores between words."""
    (stripped,) = strip_all((text,))
    if number := _WHOLE_NUMBER(stripped):
        return number[1]
    word = unicodedata.normalize("NFC", stripped.casefold()).translate(_VARIATION)
    return " ".join(_BETWEEN_LETTERS(" ", word).split())


def _table(lists: Iterable[str], *, active: bool) -> dict[str, bool]:
    return {word.strip(): active for words in lists for word in words.split(",")}


WORDS: Mapping[str, bool] = _table(_ACTIVE, active=True) | _table(_INACTIVE, active=False)

# How many words a file may have, before its column is none of yes and no.
MOST_WORDS = 1000
_LONGEST_WORD = 40


class BooleanReader(dict[str, bool | None]):
    """Each spelling of a boolean that the file has, and what it means; a file has few, and most rows the same.

    `words` are the file's own, which come before the general ones.
    """

    def __init__(self, words: Mapping[str, bool] | None = None) -> None:
        super().__init__()
        self._words = {**WORDS, **{folded(word): is_active for word, is_active in (words or {}).items()}}

    def read(self, texts: Sequence[str]) -> list[bool | None]:
        """What each of `texts` means; None for an empty cell."""
        return list(map(self.__getitem__, texts))

    def __missing__(self, text: str) -> bool | None:
        word = folded(text)
        is_active = self._words.get(word) if word else None
        if word and is_active is None:
            raise BadValueError(
                "not_boolean", f"'{shown(text)}' is not known as a word for active or inactive; write true or false."
            )
        if len(self) < MOST_WORDS and len(text) <= _LONGEST_WORD:
            self[text] = is_active
        return is_active


def words_found(values: Iterable[str], words: Mapping[str, bool] | None = None) -> dict[str, bool | None]:
    """The different words among `values` in the order of the file, and what each means; None if that is not known.

    Not more than the first `MOST_WORDS`, each as it is to be written in a table of words for the file.
    """
    known = BooleanReader(words)
    found: dict[str, bool | None] = {}
    for value in dict.fromkeys(values):
        word = folded(value)
        if not word or word in found:
            continue
        try:
            found[word] = known[value]
        except BadValueError:
            found[word] = None
    return dict(islice(found.items(), MOST_WORDS))


def check_words(asked: object) -> dict[str, bool]:
    """The words that a caller gave for a file, checked for their form; raises FileRefusedError."""
    if not isinstance(asked, dict):
        raise FileRefusedError('words: must be an object such as {"ja": true}.')
    for word, is_active in asked.items():
        if not isinstance(is_active, bool):
            raise FileRefusedError(f"words: '{shown(str(word))}' must be true (active) or false (inactive).")
    return asked
