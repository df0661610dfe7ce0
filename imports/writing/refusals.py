"""What the database says of a row that it does not take, and how that is told from the database's own troubles."""

from __future__ import annotations

from django.db import DataError, IntegrityError

from acme_importer.texts import printable
from imports.reading.rows import CleanRow, Fault, Rejection
from imports.reading.texts import shown

# Classes of SQLSTATE, of PostgreSQL's (appendix A of its manual): bad data, broken constraints, a check option, a row
# that is too large for an index, and what a trigger raises.
OF_ROWS = ("22", "23", "44", "54", "P0")
# A lost connection, a transaction's state, logins, deadlocks, too few resources, locks, an operator's intervention, a
# system error, an internal error. Whatever else a trigger raises is about its row.
NEVER_OF_ROWS = ("08", "25", "28", "40", "53", "55", "57", "58", "XX")


def is_of_a_row(error: BaseException) -> bool:
    """Whether the database refused a row, rather than failed by itself (a lost connection, a deadlock, a full disk)."""
    if isinstance(error, DataError | IntegrityError):
        return True
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    if not sqlstate or sqlstate.startswith(NEVER_OF_ROWS):
        return False
    return sqlstate.startswith(OF_ROWS) or bool(error.__cause__.diag.context)  # type: ignore[union-attr]


def refusal_of(row: CleanRow, error: BaseException) -> Rejection:
    """The rejection of a row that the database refused with `error`: the first line of what it said."""
    message = str(error).strip().splitlines() or [type(error).__name__]
    fault = Fault("", "", "refused", f"The database refused the row: {shown(printable(message[0]))}")
    return Rejection(row.line, (fault,), row.record)
