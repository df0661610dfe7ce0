"""Marks in a rewritten file: control characters that stand for what a CSV field cannot say.

A workbook, or the export of a known system, is rewritten once as CSV in which each record is one line. These four
characters, which no text of a shop holds, carry what would be lost; the reader turns them back. In a file that was
not rewritten they mean nothing.
"""

from __future__ import annotations

import re

# In front of a record that could not be read when the file was rewritten: FAULT, the reason, FAULT, how it begins.
FAULT = "\x1c"
# In front of the first field of a record that is not imported: SKIPPED, the code of the reason, SKIPPED, the field.
SKIPPED = "\x1d"
# A line break within a field.
LINE_BREAK = "\x1e"
# In front of a cell of a workbook whose value is an error.
ERROR_MARK = "\x1f"
ALL_MARKS = FAULT + SKIPPED + LINE_BREAK + ERROR_MARK
# What stands for one of these characters in a text that really holds it: ASCII's own character for that.
SUBSTITUTE = "\x1a"

_LINE_BREAKS = re.compile("\r\n|\r|\n")
_MARKED = re.compile(f"{SKIPPED}([a-z_]+){SKIPPED}(.*)", re.DOTALL).fullmatch
_FAULTY = re.compile(f"{FAULT}([^{FAULT}]*){FAULT}(.*)", re.DOTALL).fullmatch


def on_one_line(text: str) -> str:
    """`text` with its line breaks as LINE_BREAK."""
    return _LINE_BREAKS.sub(LINE_BREAK, text)


def skipped(code: str, first_field: str) -> str:
    """The first field of a record that is not imported, for the reason `code`."""
    return f"{SKIPPED}{code}{SKIPPED}{first_field}"


def read_skipped(field: str) -> tuple[str, str] | None:
    """The code of the reason, and the field as it was; None if `field` is not that of a skipped record."""
    match = _MARKED(field)
    return (match[1], match[2]) if match else None


def faulty(fault: str, beginning: str) -> str:
    """The only field of a record that could not be read, for the reason `fault`."""
    return f"{FAULT}{fault}{FAULT}{beginning}"


def read_faulty(field: str) -> tuple[str, str] | None:
    """The reason, and how the record begins; None if `field` is not that of a record that could not be read."""
    match = _FAULTY(field)
    return (match[1], match[2]) if match else None
