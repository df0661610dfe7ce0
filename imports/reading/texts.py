"""Text from files, as it can be stored and shown."""

from __future__ import annotations

# How much of a wrong value is repeated in the reason; the whole record is kept beside it.
SHOWN_LENGTH = 200


def shown(value: str) -> str:
    """`value` as it can be stored and shown: NUL and undecodable bytes written out, shortened to `SHOWN_LENGTH`."""
    text = storable(value)
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"


def storable(value: str) -> str:
    """`value` with what no database takes written out: NUL as `\\x00`, undecodable bytes as `\\xNN`."""
    escaped = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return escaped.replace("\0", "\\x00")
