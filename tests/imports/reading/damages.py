"""A product file of 83 rows, and every single damage of one of its rows. Knows nothing of the reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imports.reading.dialect import Dialect

HEADER = ["sku", "name", "description", "price", "is_active"]
NAMES = (
    "Stehlampe Größe L",
    "Topf, rund",
    'Monitor 27"',
    "Tisch",
    'Becher "Café"',
    "Kissen, 40 × 40",
    "Regal",
    "Stuhl\nzweite Wahl",
)
DESCRIPTIONS = (
    "",
    "Aus Eiche, geölt.",
    "Für Küche, Büro, Garten, Keller\nund Flur",
    'Sieger im "Best Buy", 2024.\nMit Garantie.\n\nErsatzteile, Zubehör, Service, Versand, Montage\nauf Anfrage',
    "Schlicht",
    '"Unser Liebling"',
    "\n<p>Beginnt mit einem Umbruch</p>\n",
    ", beginnt mit einem Komma",
    "<ul>\n<li>leicht, stabil</li>\n<li>waschbar</li>\n</ul>",
    'Höhe 30", Breite 40"',
    "Endet mit einem Umbruch, und mehr\n",
)


class Damaged(NamedTuple):
    """A text in which one row is damaged, and which row that is."""

    what: str
    text: str
    row: int
    # The row with the mark in it as text, where that is what the file says.
    literal: list[str]


def product_rows(count: int = 83) -> list[list[str]]:
    """The rows of the file, without the header."""
    return [
        [
            f"AB-{number:03d}",
            f"{NAMES[number * 5 % len(NAMES)]} {number}",
            DESCRIPTIONS[number * 7 % len(DESCRIPTIONS)],
            "" if number % 9 == 4 else f"{number}.{number * 37 % 100:02d}",
            ("true", "false", "", "yes")[number % 4],
        ]
        for number in range(1, count + 1)
    ]


def raw_field(value: str, dialect: Dialect, *, always: bool) -> str:
    """`value` as it is written in a file."""
    quote, escape = dialect.quote, dialect.escape
    is_special = any(character in value for character in (quote, "\r", "\n", dialect.delimiter, escape or quote))
    if not always and not is_special:
        return value
    if escape:
        return quote + value.replace(escape, escape * 2).replace(quote, escape + quote) + quote
    return quote + value.replace(quote, quote * 2) + quote


def raw_line(fields: list[str], dialect: Dialect, line_end: str) -> str:
    """The line of a row whose `fields` are as they are written."""
    space = " " if dialect.skip_initial_space else ""
    return (dialect.delimiter + space).join(fields) + dialect.delimiter * dialect.trailing + line_end


def written(rows: list[list[str]], dialect: Dialect, line_end: str = "\n", *, always: bool = False) -> str:
    """The text of a file with these rows."""
    raw = ([raw_field(value, dialect, always=always) for value in row] for row in rows)
    return "".join(raw_line(fields, dialect, line_end) for fields in raw)


def damages(rows: list[list[str]], dialect: Dialect, line_end: str, *, always: bool) -> Iterator[Damaged]:
    """The file of `rows`, once with each of the damages of each field of each row."""
    raw_rows = [[raw_field(value, dialect, always=always) for value in row] for row in rows]
    lines = [raw_line(raw, dialect, line_end) for raw in raw_rows]
    for number, raw in enumerate(raw_rows):

        def damaged(what: str, fields: list[str], position: int, number: int = number) -> Damaged:
            before, behind = "".join(lines[:number]), "".join(lines[number + 1 :])
            text = before + raw_line(fields, dialect, line_end) + behind
            row = rows[number]
            literal = [*row[:position], fields[position], *row[position + 1 :]]
            return Damaged(f"{what} in field {position}", text, number, literal)

        for position, field in enumerate(raw):
            for what, changed in field_damages(field, dialect):
                # A line end in the first or last column leaves a whole row, and a line of its own.
                if what == "a line end" and position in (0, len(raw) - 1):
                    continue
                yield damaged(what, [*raw[:position], changed, *raw[position + 1 :]], position)
            if position:
                joined = [*raw[: position - 1], raw[position - 1] + field, *raw[position + 1 :]]
                yield damaged("no delimiter before", joined, position - 1)
                yield damaged("cut off before", raw[:position], position - 1)
            yield damaged("a delimiter before", [*raw[:position], "", *raw[position:]], position)
        for other in {",", ";", "\t", "|"} - {dialect.delimiter}:
            text = raw_line(raw, dialect, line_end).replace(dialect.delimiter, other)
            whole = "".join([*lines[:number], text, *lines[number + 1 :]])
            yield Damaged(f"another delimiter, {other}", whole, number, rows[number])


def field_damages(field: str, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Each of the damages of one field, as it is written: what it is, and what becomes of the field."""
    quote, delimiter = dialect.quote, dialect.delimiter
    is_quoted = field.startswith(quote)
    for at in sorted({0, 1, len(field) // 3, len(field) // 2, len(field) - 1, len(field)} - {-1}):
        yield f"a quotation mark at {at}", field[:at] + quote + field[at:]
    for at, character in enumerate(field):
        if character == quote:
            yield f"no quotation mark at {at}", field[:at] + field[at + 1 :]
    if not is_quoted:
        yield "a delimiter", field[: len(field) // 2] + delimiter + field[len(field) // 2 :]
        yield "a line end", field[: len(field) // 2] + "\n" + field[len(field) // 2 :]
    else:
        # Where the reader would find the end of the field, if it went by the quotation mark alone.
        for at in {field.find(delimiter), field.find("\n")} - {-1}:
            yield f"a quotation mark before what looks like the field's end at {at}", field[:at] + quote + field[at:]
