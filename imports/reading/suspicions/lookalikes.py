"""Characters in SKUs that nobody sees, or that look like others: two SKUs that look the same and are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from imports.reading.suspicions.sample import Found, Sample, examples_text, lines_text
from products.fields import INVISIBLE

# White space beyond ASCII: no-break spaces, thin spaces, the wide one of Chinese and Japanese.
_UNSEEN = re.compile(rf"[{INVISIBLE}\x85\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]").search
_FULL_WIDTH = re.compile(r"[\uff01-\uff5e]").search
# Cyrillic and Greek letters that look like Latin ones in most fonts.
_LOOK_LATIN = "АВЕКМНОРСТУХЅІЈаеорсухѕіјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
_TWIN = re.compile(f"[{_LOOK_LATIN}]").search
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f\uff01-\uff5e]").search
_LATIN = re.compile("[A-Za-z]").search
_OTHER_LETTER = re.compile(rf"(?![{_LOOK_LATIN}])[\u0370-\u03ff\u0400-\u052f]").search


def lookalikes(sample: Sample) -> Iterator[str]:
    """A sentence for each kind of such characters."""
    skus = sample.values("sku")
    if "".join(skus).isascii():
        return
    if found := _found(sample, skus, _UNSEEN):
        yield (
            f"SKUs have characters in them that nobody sees: {_spelled(found, sample.scope)}. They are imported as "
            "they are, and are not the same as SKUs without these characters."
        )
    # Where most SKUs have such letters, that is how they are written; but not two alphabets in one SKU.
    is_foreign = sum(map(bool, map(_FOREIGN, skus))) * 2 >= len(skus)
    twins = _found(sample, skus, _is_mixed if is_foreign else _is_twin)
    if twins:
        yield (
            f"SKUs have characters in them that look like others: {_spelled(twins, sample.scope)}. They are imported "
            "as they are, and are not the same as SKUs with the usual characters."
        )


def _is_twin(sku: str) -> bool:
    """Whether `sku` looks like another one; not if it has letters that can be nothing but Cyrillic or Greek."""
    return bool(_FULL_WIDTH(sku) or (_TWIN(sku) and not _OTHER_LETTER(sku)))


def _is_mixed(sku: str) -> bool:
    return _is_twin(sku) and bool(_LATIN(sku))


def _found(sample: Sample, skus: Sequence[str], is_found: Callable[[str], object]) -> list[Found]:
    return [
        Found(line, sku) for line, sku in zip(sample.lines, skus, strict=True) if not sku.isascii() and is_found(sku)
    ]


def _spelled(found: Sequence[Found], scope: str) -> str:
    """The SKUs with those characters by their numbers, as in `ZW<U+200B>-100`."""
    examples = examples_text(re.sub(r"[^\x00-\x7f]", _number, value) for _, value in found)
    return f"{examples} ({lines_text([line for line, _ in found], scope)})"


def _number(match: re.Match[str]) -> str:
    character = match[0]
    return f"<U+{ord(character):04X}>" if _UNSEEN(character) or _is_twin(character) else character
