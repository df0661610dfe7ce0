"""Values that a spreadsheet would take for a formula, marked so that it shows them as text; and the marks taken off.

Does not know files: a file whose values are marked has the column SIGN in its header, and only there a mark is undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The last column of a file whose values are marked. It has no values.
SIGN = "spreadsheet_safe"
MARK = "'"

# A value that begins with marks of its own gets one more. So each value is another one when it is marked, none is
# marked by chance, and taking one mark off gives back what was there, however often a file goes to and fro.
_is_formula = re.compile(rf"{MARK}*[=+\-@\t\r]").match
_is_marked = re.compile(rf"{MARK}+[=+\-@\t\r]").match


def marked(values: Iterable[str]) -> list[str]:
    """`values`, with a mark in front of those that a spreadsheet may take for a formula, negative numbers too."""
    return [MARK + value if _is_formula(value) else value for value in values]


def unmarked(values: Iterable[str]) -> list[str]:
    """`values` as they were before `marked`."""
    return [value[1:] if _is_marked(value) else value for value in values]
