"""The first rows of a file, by which it is judged, and how a few of them are told of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from imports.reading.texts import in_words, shortened, shown
from products.fields import strip_all

# How many lines, and how many values, a sentence names.
MOST_LINES = 3
MOST_EXAMPLES = 3
_LONGEST_EXAMPLE = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows from the beginning of a file, each with the number of its line and as many fields as the header.

    `columns` has the position of each product field; `is_whole` says that the file has no other rows.
    """

    lines: Sequence[int]
    rows: Sequence[Sequence[str]]
    columns: Mapping[str, int]
    is_whole: bool = True

    def values(self, field: str) -> list[str]:
        """The values of a product field without what is around them; empty if the file has no column for it."""
        if field not in self.columns:
            return []
        position = self.columns[field]
        return strip_all(row[position] for row in self.rows)

    @property
    def scope(self) -> str:
        """Among which rows something was found; empty where that is the whole file."""
        return "" if self.is_whole else f" among the first {len(self.rows):,} rows"


class Found(NamedTuple):
    """A value that is suspicious, and the line that it is in."""

    line: int
    value: str


def lines_text(lines: Sequence[int], scope: str = "", *, more: int = 0) -> str:
    """`line 4`, `lines 4 and 17`, or `lines 4, 17, 203 and 12 more`; there are `more` than those in `lines`."""
    named = [f"{line:,}" for line in lines[:MOST_LINES]]
    if more := more + len(lines) - len(named):
        return f"lines {', '.join(named)} and {more:,} more{scope}"
    return f"{'line' if len(lines) == 1 else 'lines'} {in_words(named)}{scope}"


def examples_text(values: Iterable[str]) -> str:
    """The first few different values in quotation marks."""
    examples = list(dict.fromkeys(values))[:MOST_EXAMPLES]
    return in_words([f"'{shortened(shown(value), _LONGEST_EXAMPLE)}'" for value in examples])


def found_text(found: Sequence[Found], scope: str = "", *, more: int = 0) -> str:
    """The first few of the values, and the lines: `'1.23E+12' (line 4)`; there are `more` than those in `found`."""
    lines = lines_text([line for line, _ in found], scope, more=more)
    return f"{examples_text(value for _, value in found)} ({lines})"
