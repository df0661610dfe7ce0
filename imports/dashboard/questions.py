"""The questions that a review asks, each with a button for every answer; and what a click on one of them says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from acme_importer.texts import printable, shortened
from imports.options import NO_HEADER, Options
from imports.preview import Preview
from imports.reading.errors import BadValueError, FileRefusedError
from imports.reading.numbers import DECIMAL_SIGNS, NumberStyle, PriceReader, with_asked
from imports.reading.questions import HEADER_QUESTION, Question, column_reference, is_numbered

# So many columns are offered, the best first.
COLUMNS_OFFERED = 8
# So many ambiguous prices show the difference.
PRICES_SHOWN = 2
ANSWER_LENGTH = 40
FIELD_NAMES = {"sku": "SKU", "is_active": "status"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A button: what it sends as `name`, and what it says, with a `note` to decide by. `is_taken` is what holds."""

    name: str
    value: str
    text: str
    note: str = ""
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its title, why it is asked, and its answers. Some `costs_rows` until it is answered."""

    title: str
    reason: str
    answers: Sequence[Answer]
    must_be_answered: bool = False
    costs_rows: bool = False


def questions_of(found: Preview) -> list[Asked]:
    """What is to be asked of a file: the one question that must be answered, or else what should be looked at."""
    if found.question is HEADER_QUESTION:
        return [_about_header(found)]
    if found.question and not found.question.field:
        return [_about_drift(found.question)]
    if found.question:
        return [_about_column(found.question, found)]
    asked = [_about_column(question, found) for question in found.questions]
    if prices := _ambiguous_prices(found):
        asked.append(_about_prices(prices, found.numbers))
    return asked


def _about_header(found: Preview) -> Asked:
    lines = [Answer("use_header", str(line), f"Line {line} is the header") for line in found.header_lines]
    answers = [Answer("use_header", str(NO_HEADER), "The file has no header"), *lines]
    return Asked("Does the file have a header?", HEADER_QUESTION.reason, answers, must_be_answered=True)


def _about_drift(question: Question) -> Asked:
    """The columns are not those of the supplier's files so far."""
    answers = [Answer("use_drift", "1", "Import it as proposed" if question.mapping else "Import it all the same")]
    return Asked("The columns have changed.", question.reason, answers, must_be_answered=True)


def _about_column(question: Question, found: Preview) -> Asked:
    positions = [position for position, _ in question.candidates][:COLUMNS_OFFERED]
    if not positions and len(found.header) <= COLUMNS_OFFERED:
        positions = [i for i in range(len(found.header)) if i not in found.columns.values()]
    taken = found.columns.get(question.field)
    answers = [
        Answer(
            "use_column",
            f"{question.field}:{position}",
            _short(found.header[position]) or f"Column {position + 1}",
            _short(found.samples[position]),
            is_taken=position == taken,
        )
        for position in positions
    ]
    if question.field != "sku":
        answers.append(Answer("use_column", f"{question.field}:", "None of these"))
    elif not is_numbered(found.header):
        answers.append(Answer("use_header", str(NO_HEADER), "The file has no header"))
    title = f"Which column is the {FIELD_NAMES.get(question.field, question.field)}?"
    reason = question.reason.rstrip(".") + "."
    return Asked(title, reason, answers, must_be_answered=question.must_be_answered)


def _ambiguous_prices(found: Preview) -> list[str]:
    """Prices that can be read in two ways."""
    examples = [
        fault.value for group in found.faults for _, fault in group.examples if fault.code == group.code == "ambiguous"
    ]
    return list(dict.fromkeys(examples))[:PRICES_SHOWN]


def _about_prices(prices: Sequence[str], style: NumberStyle) -> Asked:
    answers = [
        Answer(
            "use_decimal",
            sign,
            " · ".join(_outcome(price, with_asked(style, {"decimal": sign})) for price in prices),
            f"decimal {name}",
        )
        for sign, name in DECIMAL_SIGNS.items()
    ]
    reason = (
        "Some prices can be read in two ways, and the others do not tell which. Until you say so, they are rejected."
    )
    return Asked("How are the prices written?", reason, answers, costs_rows=True)


def _outcome(price: str, style: NumberStyle) -> str:
    """What becomes of `price` in that style."""
    try:
        (amount,) = PriceReader(style).read([price])
    except BadValueError as error:
        return f"{_short(price)} {'has too many decimals' if error.code == 'decimals' else 'is rejected'}"
    return f"{_short(price)} is {amount:.2f}"


def answered(said: Options, clicked: Mapping[str, str], found: Preview) -> Options | None:
    """`said`, and what the button that was clicked says; None if it was no answer. Raises FileRefusedError."""
    if encoding := clicked.get("use_encoding"):
        return replace(said, encoding=encoding, mapping={})
    if sheet := clicked.get("use_sheet"):
        if sheet not in found.sheets:
            raise FileRefusedError(f"The workbook has no sheet '{sheet}'.")
        return replace(said, sheet=sheet, header_line=None, mapping={})
    if "use_header" in clicked:
        line = clicked["use_header"]
        return replace(said, header_line=_number(line) if line else None, mapping={})
    if (mapping := _mapping_answered(said.mapping, clicked, found)) is not None:
        return replace(said, mapping=mapping)
    if sign := clicked.get("use_decimal"):
        return replace(said, numbers={**said.numbers, "decimal": sign})
    return None


def _mapping_answered(said: dict[str, str], clicked: Mapping[str, str], found: Preview) -> dict[str, str] | None:
    """What the button says of columns, with what was `said` of them before; None if it says nothing of them."""
    if column := clicked.get("use_column"):
        name, _, position = column.partition(":")
        return {**said, name: _reference(position, found.header)}
    if "use_drift" in clicked and found.question:
        return dict(found.question.mapping or said)
    return None


def _reference(position: str, header: Sequence[str]) -> str:
    """How a mapping names the column at `position`; empty if that is."""
    if not position:
        return ""
    if _number(position) >= len(header):
        raise FileRefusedError(f"There is no column {position}.")
    return column_reference(int(position), header)


def _number(text: str) -> int:
    """The number that a button of ours sent."""
    if not text.isdecimal() or len(text) > 6:
        raise FileRefusedError(f"'{text}' is not a number.")
    return int(text)


def _short(text: str) -> str:
    return shortened(printable(text), ANSWER_LENGTH)
