"""The rules of a format's description at work on the rows of one file, in the order of the file.

A row takes values from a row before it: the first one of its product, or its parent. Where that row could not be read,
what this one leaves open is not known; it is an orphan then, and rejected rather than imported as if it were empty.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from sys import getsizeof

from imports.reading.formats.description import CarryDown, Format, Inherit, Names, Options, Skip, When
from imports.reading.formats.recognize import Recognized, position_of
from imports.reading.marks import LINE_BREAK

# What is kept of parents. Beyond it, the one that has not been asked for the longest is forgotten.
MAX_PARENTS = 50_000
MAX_PARENTS_BYTES = 32 * 1024 * 1024

Holds = Callable[[list[str]], bool]
Columns = Mapping[str, int]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t")


class OrphanError(Exception):
    """A row takes values from another row, which could not be read; the text says so."""


class Rules:
    """What the description of a format says about the rows of a file with this header."""

    def __init__(self, recognized: Recognized, header: Sequence[str]) -> None:
        known, columns = recognized.format, recognized.columns
        self._undo = _undo(known, columns)
        self._skips = [rule for skip in known.skips if (rule := _skip_rule(skip, columns, header))]
        self._options = _OptionsRule(known.options, header) if known.options else None
        self._name = columns.get("name")
        self._from_above = _from_above(known, columns, header)

    def apply(self, fields: list[str]) -> str:
        """Change a row, with as many fields as the header, into what it means; the code of why it is skipped, or empty.

        Raises OrphanError.
        """
        for undo in self._undo:
            undo(fields)
        for code, holds in self._skips:
            if holds(fields):
                if self._from_above:
                    self._from_above.remember(fields)
                return code
        values = self._options.read(fields) if self._options else ()
        if self._from_above:
            self._from_above.remember(fields)
            self._from_above.fill(fields)
        if values and self._name is not None and fields[self._name]:
            fields[self._name] += f" – {' / '.join(values)}"
        return ""

    def pass_damaged(self, beginning: str) -> None:
        """Take note of a row that cannot be read, and how it begins: another may depend on it."""
        if self._from_above:
            self._from_above.pass_damaged(beginning)

    @property
    def warnings(self) -> list[str]:
        """Sentences about what was not as it should be, at the end of the file."""
        return self._from_above.warnings if self._from_above else []


def _holds(when: When, header: Sequence[str]) -> Holds | None:
    """The condition as a function; None if the file does not have the column."""
    position = position_of(when.column, header)
    if position is None:
        return None
    values = tuple(map(str.lower, when.values))
    if not values:
        return lambda fields: bool(fields[position].strip())
    return lambda fields: fields[position].strip().lower().startswith(values)


def _skip_rule(skip: Skip, columns: Columns, header: Sequence[str]) -> tuple[str, Holds] | None:
    holds = _holds(skip.when, header) if skip.when else None
    if (skip.when and not holds) or not set(skip.blank) <= set(columns):
        return None
    others = (position_of((name,), header) for name in skip.blank_columns)
    positions = [columns[field] for field in skip.blank] + [position for position in others if position is not None]

    def is_skipped(fields: list[str]) -> bool:
        for position in positions:
            if fields[position].strip():
                return False
        return holds is None or holds(fields)

    return skip.code, is_skipped


def _undo(known: Format, columns: Columns) -> list[Callable[[list[str]], None]]:
    """What takes back the marks that the system puts on the values of product fields."""
    steps: list[Callable[[list[str]], None]] = []
    if known.formula_mark:
        steps.append(partial(_unmark_formulas, known.formula_mark, list(columns.values())))
    if known.escaped_line_breaks and "description" in columns:
        steps.append(partial(_unescape_line_breaks, columns["description"]))
    if known.no_price and "price" in columns:
        steps.append(partial(_empty_words, columns["price"], known.no_price))
    return steps


def _unmark_formulas(mark: str, positions: list[int], fields: list[str]) -> None:
    for position in positions:
        if fields[position].startswith(mark) and fields[position].startswith(_FORMULA_STARTS, len(mark)):
            fields[position] = fields[position][len(mark) :]


def _unescape_line_breaks(position: int, fields: list[str]) -> None:
    if r"\n" in fields[position]:
        # A backslash and an n that the author wrote have another backslash in front.
        parts = fields[position].split(r"\\n")
        fields[position] = r"\n".join(part.replace(r"\n", LINE_BREAK) for part in parts)


def _empty_words(position: int, words: Names, fields: list[str]) -> None:
    if fields[position].strip().lower() in words:
        fields[position] = ""


class _OptionsRule:
    """The values to append to a name."""

    def __init__(self, options: Options, header: Sequence[str]) -> None:
        found = (position_of((name,), header) for name in options.columns)
        self._positions = [position for position in found if position is not None]
        self._ignored = {"", *map(str.lower, options.ignored)}
        self._find_all = re.compile(options.pattern).findall if options.pattern else None
        # Without the column, there is nothing to append.
        self._holds = (_holds(options.when, header) or (lambda _: False)) if options.when else None

    def read(self, fields: list[str]) -> list[str]:
        """The values in `fields`, in the order of their columns."""
        if self._holds and not self._holds(fields):
            return []
        texts = [fields[position] for position in self._positions]
        if self._find_all:
            texts = [value for text in texts for value in self._find_all(text)]
        return [value for text in texts if (value := text.strip()) and value.lower() not in self._ignored]


class _Carried:
    """The values of a product's first row, for those that follow it. Only the current product's are kept."""

    warnings: list[str] = []

    def __init__(self, rule: CarryDown, columns: Columns, header: Sequence[str]) -> None:
        self._key = position_of(rule.key, header)
        self._first = _holds(rule.first, header) if rule.first else None
        kind = position_of(rule.first.column, header) if rule.first else None
        # In the first column, the kind of a damaged row can still be told.
        self._members = rule.members if kind == 0 else ()
        self._name = columns.get("name")
        self._positions = [columns[field] for field in rule.fields if field in columns]
        self._replaced = {columns[field] for field in rule.replaced if field in columns}
        self._current = ""
        # Of the first row; empty if there is none yet, or it is not known.
        self._values: list[str] = []
        self._is_first = self._is_orphaned = self._after_damage = False

    def remember(self, fields: list[str]) -> None:
        """Take the values of `fields`, if a product begins with it."""
        if self._first:
            self._is_first = self._first(fields)
        else:
            key = fields[self._key].strip() if self._key is not None else ""
            self._is_first = not key or key != self._current
            self._current = key
        if self._is_first:
            self._values = [fields[position] for position in self._positions]
            has_no_name = self._name is not None and not fields[self._name].strip()
            # A product that begins without a name, behind a damaged row, has probably lost its first one.
            self._is_orphaned = self._after_damage and has_no_name
        self._after_damage = False

    def fill(self, fields: list[str]) -> None:
        """Give `fields` the values that it leaves open."""
        if self._is_orphaned:
            raise OrphanError(_FIRST_ROW_LOST)
        if self._is_first:
            return
        for position, value in zip(self._positions, self._values, strict=False):
            if position in self._replaced or not fields[position].strip():
                fields[position] = value

    def pass_damaged(self, beginning: str) -> None:
        """With `first`, what follows may belong to the damaged row, unless that was one of a product's further rows."""
        self._after_damage = True
        is_member = beginning.lstrip(" \"'").lower().startswith(self._members)
        if self._first and not is_member:
            self._values, self._is_orphaned = [], True


class _Parents:
    """The values of rows that others name as their parent, as many as there is room for."""

    def __init__(self, rule: Inherit, columns: Columns, header: Sequence[str]) -> None:
        self._parent = position_of(rule.parent, header)
        found = [(prefix, position_of(names, header)) for prefix, names in rule.ids.items()]
        self._ids = [(prefix, position) for prefix, position in found if position is not None]
        self._may_have_children = _holds(rule.parents, header) if rule.parents else None
        self._positions = [columns[field] for field in rule.fields if field in columns]
        self._description = columns.get("description")
        self._values: OrderedDict[str, list[str]] = OrderedDict()
        self._bytes = 0
        self._damaged = False
        self._without_description = 0

    @property
    def warnings(self) -> list[str]:
        count = self._without_description
        if not count:
            return []
        rows = "1 variation has" if count == 1 else f"{count:,} variations have"
        return [f"{rows} no description, because the parent is not in the file, comes later, or stands too far above."]

    def remember(self, fields: list[str]) -> None:
        """Keep the values of `fields`, if it may be a parent."""
        if self._may_have_children:
            if not self._may_have_children(fields):
                return
        elif self._parent is not None and fields[self._parent].strip():
            return
        values = [fields[position] for position in self._positions]
        for prefix, position in self._ids:
            if identity := fields[position].strip():
                self._keep(prefix + identity, values)

    def fill(self, fields: list[str]) -> None:
        """Give `fields` what it leaves open and its parent has."""
        parent = fields[self._parent].strip() if self._parent is not None else ""
        if not parent:
            return
        blank = [index for index, position in enumerate(self._positions) if not fields[position].strip()]
        if not blank:
            return
        values = self._values.get(parent)
        if values is None:
            self._leave_open([self._positions[index] for index in blank])
            return
        self._values.move_to_end(parent)
        for index in blank:
            fields[self._positions[index]] = values[index]

    def pass_damaged(self, _beginning: str) -> None:
        """Any row from here on may be its child."""
        self._damaged = True

    def _leave_open(self, positions: list[int]) -> None:
        if self._damaged or positions != [self._description]:
            raise OrphanError(_PARENT_LOST)
        self._without_description += 1

    def _keep(self, identity: str, values: list[str]) -> None:
        self._forget(identity)
        self._values[identity] = values
        self._bytes += _size(identity, values)
        while len(self._values) > MAX_PARENTS or self._bytes > MAX_PARENTS_BYTES:
            self._forget(next(iter(self._values)))

    def _forget(self, identity: str) -> None:
        values = self._values.pop(identity, None)
        if values is not None:
            self._bytes -= _size(identity, values)


def _size(identity: str, values: list[str]) -> int:
    return getsizeof(identity) + sum(map(getsizeof, values))


def _from_above(known: Format, columns: Columns, header: Sequence[str]) -> _Carried | _Parents | None:
    if known.carry_down:
        return _Carried(known.carry_down, columns, header)
    return _Parents(known.inherit, columns, header) if known.inherit else None


_FIRST_ROW_LOST = "it belongs to the product of a row above that cannot be read, and takes values from it"
_PARENT_LOST = "it takes values from its parent, whose row is not in the file above it, or cannot be read"
