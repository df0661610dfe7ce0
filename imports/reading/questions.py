"""What only the sender can say about the columns of a file: the question, in a sentence, and how to answer it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imports.reading.names import Meaning, Standing
from imports.reading.texts import in_words, shown

# A column by its number, where its name is not the only one of its kind.
BY_NUMBER = re.compile(r"#([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Question:
    """What only the sender can say: which of `candidates`, the best first, is the column of `field`.

    Each candidate is a position and a name; `proposed` is the position of the best one, if any. Where it
    `must_be_answered`, the file cannot be imported before; otherwise it can, with the columns found. The `sentence`
    begins with the `reason` and says then how to answer where there are no buttons to do so.
    """

    field: str
    sentence: str
    reason: str
    candidates: tuple[tuple[int, str], ...] = ()
    proposed: int | None = None
    must_be_answered: bool = True
    # Where the question is not about one column: the answer that is proposed.
    mapping: Mapping[str, str] | None = None


# Of a file whose first line may be a product: it has no field.
HEADER_QUESTION = Question(
    "",
    "The first line looks like a product, not a header. Say that the file has no header, or which line it is.",
    "The first line looks like a product, not a header.",
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known about a field: its column, if one was `found`, and those that it could be, the best first.

    `named` are those whose names tell it, `ranked` all of them, `by_values` the one that only its values propose.
    """

    field: str
    header: Sequence[str]
    found: int | None
    named: Sequence[tuple[Meaning, int]]
    ranked: Sequence[int]
    by_values: int | None

    @property
    def standing(self) -> Standing | None:
        """The highest standing that a name has."""
        return self.named[0][0].standing if self.named else None

    def question(self) -> Question | None:
        """What is to be asked, if anything."""
        if self.found is not None:
            return self._asked_of_prices()
        if self.standing is not None and self.standing <= Standing.LESSER:
            return self._ask(*self._several())
        if self.field == "sku":
            return self._ask(*self._no_sku())
        if self.ranked:
            is_likely = self.standing == Standing.ASKED
            return self._ask(*self._not_clear(), must_be_answered=is_likely)
        return None

    def _ask(self, reason: str, remedy: str, *, must_be_answered: bool = True) -> Question:
        candidates = tuple((position, self.header[position]) for position in self.ranked)
        proposed = self.ranked[0] if self.ranked else None
        return Question(self.field, f"{reason}{remedy}", reason, candidates, proposed, must_be_answered)

    def _asked_of_prices(self) -> Question | None:
        """A file may well have several prices, all of them in order; of other fields, the plain name settles it."""
        others = [position for position in self.ranked if position != self.found]
        if self.field != "price" or not others:
            return None
        price = listed(self.ranked[:1], self.header)
        return self._ask(
            f"{price} is imported as the price, not {listed(others, self.header, 'or')}",
            "; if that is not what you want, say with a mapping which it is.",
            must_be_answered=False,
        )

    def _several(self) -> tuple[str, str]:
        highest = [position for told, position in self.named if told.standing == self.standing]
        count = "both" if len(highest) == 2 else "all"
        return (
            f"Columns {listed(highest, self.header)} {count} look like '{self.field}'",
            "; remove one, or say with a mapping which it is.",
        )

    def _no_sku(self) -> tuple[str, str]:
        if is_numbered(self.header):
            return "The file has no header", "; say with a mapping which column is which field, such as sku=1."
        could_be = f" {listed(self.ranked[:3], self.header, 'or')} could be it." if self.ranked else ""
        return (
            "The file has no column 'sku'.",
            f" {header_reads(self.header)}{could_be} Name the column in the file, or say with a mapping which it is.",
        )

    def _not_clear(self) -> tuple[str, str]:
        how = "by its values, " if self.by_values == self.ranked[0] else ""
        return (
            f"No column is clearly '{self.field}'; {how}{listed(self.ranked[:3], self.header, 'or')} could be it.",
            " Say with a mapping which it is, or that there is none.",
        )


def numbered(width: int) -> list[str]:
    """The names of the columns in a file without header: their numbers."""
    return [str(number) for number in range(1, width + 1)]


def is_numbered(header: Sequence[str]) -> bool:
    """Whether these are the names of the columns in a file without header."""
    return list(header) == numbered(len(header))


def column_reference(position: int, header: Sequence[str]) -> str:
    """How a mapping names that column: by its name, or by its number where that is not clear, or cannot be typed."""
    name = header[position]
    is_clear = list(header).count(name) == 1 and not BY_NUMBER.fullmatch(name)
    # The command takes no spaces around a name, and a mapping without a name says that there is no column.
    return name if is_clear and name and name.strip() == name and name.isprintable() else f"#{position + 1}"


def mapping_argument(field: str, reference: str) -> str:
    """The argument of the command that maps `field` to a column. Pasted into a shell, nothing in the name is run."""
    if _PLAIN.fullmatch(reference):
        return f"--mapping {field}={reference}"
    if _SAFE_IN_QUOTES.fullmatch(reference):
        return f'--mapping {field}="{reference}"'
    return f"--mapping {field}={shlex.quote(reference)}"


_PLAIN = re.compile(r"[\w.-]+")
_SAFE_IN_QUOTES = re.compile(r"[\w .,:;/()+*#&'=?€£\[\]-]+")


def header_reads(header: Sequence[str]) -> str:
    """A sentence with the column names, shortened where there are many or long ones."""
    names = ", ".join(f"'{name[:40]}'" for name in header[:20]) + (", …" if len(header) > 20 else "")
    return f"Its header reads: {names}."


def listed(positions: Sequence[int], header: Sequence[str], last: str = "and") -> str:
    """Some columns for a sentence, with their numbers where they have the same name or none."""
    names = [header[position] for position in positions]
    texts = [
        f"'{shown(name)[:40]}'" + (f" (#{position + 1})" if names.count(name) > 1 or not name else "")
        for position, name in zip(positions[:_MOST_LISTED], names, strict=False)
    ]
    if len(names) > _MOST_LISTED:
        return f"{', '.join(texts)}, …"
    return in_words(texts, last)


_MOST_LISTED = 10
