"""Texts for people that every app needs: strangers' text, numbers of things, durations. Knows no app and no Django."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text`, which may come from a stranger, with line breaks and terminal control characters spelled out.

    So are characters that change the direction of writing, or that cannot be seen.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, length: int) -> str:
    """`text`, of which no more than `length` characters are shown."""
    return text if len(text) <= length else text[: length - 1] + "…"


def counted(number: int, what: str) -> str:
    """A number of things: `1 row`, `2,000 rows`."""
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


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
