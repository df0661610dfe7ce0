"""Text from files, as it can be stored and shown."""

from __future__ import annotations

from collections.abc import Sequence

# How much of a wrong value is repeated in the reason; the whole record is kept beside it.
SHOWN_LENGTH = 200
# How much is kept of each part of a reason.
REASON_LENGTH = 1000
# How much is kept of a rejected record: this many fields more than the header has, and this many bytes. A row is a
# megabyte at most, but of 400,000 fields, of which a file of a few kilobytes may have hundreds when it is unpacked.
SURPLUS_FIELDS = 8
KEPT_BYTES = 64 * 1024
# What a field takes besides its text: quotation marks and a comma.
FIELD_BYTES = 3


def shown(value: str) -> str:
    """`value` as it can be stored and shown: NUL and undecodable bytes written out, shortened to `SHOWN_LENGTH`."""
    # Cut before it is written out: a stranger's value may be a megabyte long.
    text = storable(value[: SHOWN_LENGTH + 1])
    return shortened(text, SHOWN_LENGTH)


def limited(text: str) -> str:
    """`text`, shortened if it is long: a column's name, which reasons repeat, may be as long as a record."""
    return shortened(text, REASON_LENGTH)


def shortened(text: str, length: int) -> str:
    """`text`, of which no more than `length` characters are shown."""
    return text if len(text) <= length else text[: length - 1] + "…"


def in_words(texts: Sequence[str], last: str = "and") -> str:
    """`texts` as a sentence lists them: `a, b and c`; nothing if there are none."""
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}" if len(texts) > 1 else "".join(texts)


def storable(value: str) -> str:
    """`value` with what no database takes written out: NUL as `\\x00`, undecodable bytes as `\\xNN`."""
    escaped = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return escaped.replace("\0", "\\x00")


def cut_to_width(record: list[str], width: int) -> list[str]:
    """`record`, or its beginning if it is far wider than a header of `width` columns: one field more than is `kept`."""
    most = width + SURPLUS_FIELDS + 1
    return record if len(record) <= most else record[:most]


def kept(record: Sequence[str], width: int) -> tuple[list[str], bool]:
    """The fields of a rejected record as they are stored, and whether only its beginning is."""
    most = width + SURPLUS_FIELDS
    fields: list[str] = []
    room = KEPT_BYTES
    for field in record[:most]:
        room -= FIELD_BYTES
        if room <= 0:
            return fields, True
        text = storable(field[:room])
        encoded = text.encode()
        if len(encoded) > room or len(field) > room:
            return [*fields, encoded[:room].decode(errors="ignore")], True
        fields.append(text)
        room -= len(encoded)
    return fields, len(record) > most
