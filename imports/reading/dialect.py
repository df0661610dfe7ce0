"""The dialect of a file: what separates its fields, and what quotes them. Does not know how it was detected."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _csv import Reader


@dataclass(frozen=True)
class Dialect:
    """How the fields of a file are separated and quoted.

    Within quotes, two quotation marks stand for one; where there is an `escape`, it makes the next character itself.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    # Whether white space between a delimiter and a field's beginning is no part of the field.
    skip_initial_space: bool = False
    # How many delimiters, with nothing behind them, end each row: so many empty fields at its end are none.
    trailing: int = 0
    # Whether the file is one of ours for spreadsheets, in whose values what looks like a formula is marked.
    has_formula_marks: bool = False

    def as_json(self) -> dict[str, Any]:
        """The dialect as it is stored: what is unusual in it, and the delimiter."""
        usual = asdict(Dialect(""))
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Dialect:
        """The dialect that was stored."""
        return cls(**stored)

    def reader(self, lines: Iterable[str]) -> Reader:
        """Python's reader for this dialect, which raises `csv.Error` where the quotation marks are not right."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape or None,
            skipinitialspace=self.skip_initial_space,
            strict=True,
        )

    @cached_property
    def _field_patterns(self) -> tuple[str, str]:
        """A quoted field, and one that is not, each with every quotation mark where it belongs."""
        delimiter, quote, escape = map(re.escape, (self.delimiter, self.quote, self.escape))
        escaped = f"|{escape}." if escape else ""
        space = " *+" if self.skip_initial_space else ""
        quoted = f"{space}{quote}(?:[^{quote}{escape}]|{quote}{quote}{escaped})*+{quote}"
        return quoted, rf"(?:[^{quote}{delimiter}{escape}\r\n]{escaped})*+"

    @cached_property
    def clean_record(self) -> re.Pattern[str]:
        """A record with every quotation mark where it belongs; its group is the first field, if that is quoted."""
        (quoted, plain), delimiter = self._field_patterns, re.escape(self.delimiter)
        return re.compile(rf"(?:({quoted})|{plain})(?:{delimiter}(?:{quoted}|{plain}))*+(?=[\r\n]|\Z)", re.DOTALL)

    @cached_property
    def doubtful_mark(self) -> re.Pattern[str]:
        """A mark that may open a field as well as close one, or that is within a field but not doubled.

        In unusual dialects, every escape, and every mark where a space may be before it.
        """
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        if self.skip_initial_space:
            return re.compile(quote)
        # Begins with the mark, which is found fast.
        either = f"(?<={delimiter}{quote}){delimiter}"
        within = rf"(?<=[^{quote}{delimiter}\r\n]{quote})[^{quote}{delimiter}\r\n ]"
        # Words go on behind a comma and a space, where fields do not.
        words = f"|{delimiter} "
        escape = f"|{re.escape(self.escape)}" if self.escape else ""
        return re.compile(f"{quote}(?:{either}|{within}{words}){escape}")

    @cached_property
    def needlessly_quoted(self) -> re.Pattern[str]:
        """A quoted field with nothing in it that has to be quoted, and the delimiter."""
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        return re.compile(rf"{quote}[^{quote}{delimiter}\r\n]+{quote}{delimiter}")

    @cached_property
    def clean_field(self) -> re.Pattern[str]:
        """A field with every quotation mark where it belongs; one that is not quoted may have any."""
        (quoted, _), delimiter = self._field_patterns, re.escape(self.delimiter)
        plain = rf"(?!{re.escape(self.quote)})[^{delimiter}]*+"
        return re.compile(rf"(?:{quoted}|{plain})(?={delimiter}|\Z)", re.DOTALL)
