"""The fields of one record by their quotation marks: where one is wrong, and whether one was torn into several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imports.reading.dialect import Dialect

# So much of a field is shown.
LONGEST_SHOWN = 60


def raw_fields(line: str, dialect: Dialect) -> Iterator[str]:
    """The fields of `line` as they are written, up to one whose quotation marks are not right."""
    text, start = line.rstrip("\r\n"), 0
    while start <= len(text) and (found := dialect.clean_field.match(text, start)):
        yield found.group()
        start = found.end() + 1


def wrong_field(line: str, dialect: Dialect) -> tuple[int, str]:
    """The position of the field in `line` whose quotation marks are not right, or else of the last; and its text."""
    text, start, position = line.rstrip("\r\n"), 0, 0
    for position, raw in enumerate(raw_fields(line, dialect)):
        if start + len(raw) == len(text):
            return position, raw[:LONGEST_SHOWN]
        start += len(raw) + 1
    return position + 1, text[start : start + LONGEST_SHOWN]


def is_torn(text: str, dialect: Dialect) -> bool:
    """Whether the text of a record has a quoted field that a missing delimiter or mark has torn into several."""
    if not dialect.doubtful_mark.search(text):
        return False
    quote, plain = dialect.quote, _without_escaped(text, dialect)
    if dialect.escape and dialect.escape in plain:
        # It makes nothing but marks, and itself, a part of the text.
        return True
    if dialect.delimiter + quote + dialect.delimiter in text and plain.count(quote) % 2:
        return True
    has_mark = has_opening = False
    for field in raw_fields(text, dialect):
        raw = field.lstrip(" ") if dialect.skip_initial_space else field
        if raw.startswith(quote) or quote not in raw:
            continue
        # Marks are escaped in quoted fields.
        if dialect.escape and quote in _without_escaped(raw, dialect) != raw:
            return True
        # A mark behind a digit is for inches, and so are two.
        is_enough = has_mark or dialect.skip_initial_space
        if raw.endswith(quote) and (has_opening or (is_enough and not raw[-2].isdigit())):
            return True
        has_mark = True
        has_opening |= bool(dialect.doubtful_mark.search(raw))
    return False


def _without_escaped(text: str, dialect: Dialect) -> str:
    """`text` without what is escaped in it."""
    if not dialect.escape:
        return text
    escape, quote = re.escape(dialect.escape), re.escape(dialect.quote)
    return re.sub(f"{escape}[{escape}{quote}]", "", text)
