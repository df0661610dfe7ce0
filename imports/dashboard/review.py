"""What the review of a file shows besides its rows: what was found, section by section, and what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imports.dashboard import sentences
from imports.dashboard.encodings import ENCODING_NAMES, readings_offered
from imports.dashboard.questions import questions_of
from imports.dashboard.reading_form import ReadingForm
from imports.models import Draft
from imports.preview import Preview
from imports.reading.formats.description import REASONS
from imports.reading.header import DELIMITER_NAMES
from imports.said import MODES, header_place, said_of_rows, said_of_words

# A book may have hundreds of sheets; a page should not.
SHEETS_OFFERED = 60
# With more, they are folded away.
SHEETS_SHOWN = 12
WORDS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Section:
    """A part of how a file is read: what holds now, in a few words, and whether its choices are shown at once."""

    now: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """A line that may be the header, with the first of its fields."""

    number: int
    text: str
    is_header: bool


def context(draft: Draft, found: Preview, form: ReadingForm) -> dict[str, Any]:
    """What the template shows of how the file of `draft` is read."""
    questions = questions_of(found)
    # What is asked with buttons is not said again.
    sentences_asked = {question.sentence for question in found.questions}
    return {
        "questions": questions,
        "is_asked": any(question.must_be_answered for question in questions),
        "warnings": [warning for warning in found.warnings if warning not in sentences_asked],
        "readings": readings_offered(found.detected) if found.detected.is_guess else [],
        "sections": sections(draft, found, form, questions),
        "sheets": _sheets(found),
        "header_lines": _header_lines(found),
        "has_no_header": bool(found.header) and not found.header_lines,
        "header_is_said": draft.options.header_line is not None,
        "verdict": sentences.verdict(found),
        "rows_title": sentences.rows_title(found),
        "skipped": [(REASONS[code], count) for code, count in found.skipped.most_common()],
        "ignored": sentences.column_list(found.ignored if found.columns else []),
    }


def sections(draft: Draft, found: Preview, form: ReadingForm, questions: Sequence[Any]) -> dict[str, Section]:
    """The parts of how a file is read, by name."""
    faults = {group.code for group in found.faults}
    is_unreadable = bool(found.refusal) and not found.header
    no_answers = bool(found.refusal) and not any(question.answers for question in questions)
    rows = said_of_rows(draft.options)
    return {
        "sheet": Section(f"{found.sheet}, one of {len(found.sheets)}", 1 < len(found.sheets) <= SHEETS_SHOWN),
        "columns": Section(_columns(found), (no_answers and bool(found.header)) or _has_errors(form.column_fields())),
        "header": Section(header_place(found.header_lines), is_open=False),
        "values": Section(_values(found), "not_boolean" in faults or _has_errors(form.number_fields())),
        "rows": Section("; ".join(rows) if rows else MODES[""], is_open=_has_errors(form.row_fields())),
        "advanced": Section(_reading(found), is_unreadable or _has_errors(form.reading_fields())),
    }


def _has_errors(fields: Sequence[Any]) -> bool:
    return any(field.errors for field in fields)


def _columns(found: Preview) -> str:
    names = {name: found.header[position] for name, position in found.columns.items()}
    return (
        ", ".join(field if field == name.casefold() else f"{field} from “{name}”" for field, name in names.items())
        or "none"
    )


def _values(found: Preview) -> str:
    parts = []
    if "price" in found.columns:
        parts.append(f"prices such as {found.numbers.example}")
    known = {word: is_active for word, is_active in found.words.items() if is_active is not None}
    parts += said_of_words(dict(list(known.items())[:WORDS_SHOWN]))
    if unknown := len(found.words) - len(known):
        parts.append("1 unknown word" if unknown == 1 else f"{unknown} unknown words")
    return ", ".join(parts)


def _reading(found: Preview) -> str:
    encoding = ENCODING_NAMES.get(found.encoding, found.encoding)
    delimiter = DELIMITER_NAMES.get(found.delimiter, "")
    return ", ".join(filter(None, [encoding, delimiter]))


def _sheets(found: Preview) -> list[str]:
    return found.sheets[:SHEETS_OFFERED] if len(found.sheets) > 1 else []


def _header_lines(found: Preview) -> list[HeaderLine]:
    return [
        HeaderLine(line.number, " · ".join(filter(None, line.fields)), line.is_header) for line in found.first_lines
    ]
