"""Text from files, as it can be stored and shown; and durations, for people."""

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


def printable(text: str) -> str:
    """`text`, which may come from a stranger's file, without line breaks and what terminals take for commands.

    Also without what turns the direction of writing, or cannot be seen.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def duration(seconds: float) -> str:
    """`seconds` for people: `8.4 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{round(seconds, 1)} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
