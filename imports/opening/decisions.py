"""From the rows to what they decide: number style, words, what is suspicious; and what is left to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from imports import suppliers
from imports.models import SentFile
from imports.opening.found import Beginning, Opened
from imports.opening.table import narrow_records
from imports.reading.columns import ColumnsFound, choose
from imports.reading.corrections import is_correction
from imports.reading.errors import FileRefusedError
from imports.reading.formats.recognize import format_named
from imports.reading.numbers import NumberStyle, detect_number_style, with_asked
from imports.reading.questions import Question
from imports.reading.suspicions.content import Content
from imports.reading.suspicions.damaged_skus import NO_DAMAGE, DamagedSkus
from imports.suspicions import warnings_of


class QuestionOpenError(FileRefusedError):
    """Only the sender can say which column is which, or whether there is a header.

    `opened` and `chosen` are what was found all the same.
    """

    def __init__(self, question: Question, opened: Opened, chosen: ColumnsFound) -> None:
        super().__init__(question.sentence)
        self.question = question
        self.opened = opened
        self.chosen = chosen


def columns_of(opened: Opened, file: SentFile, records: Sequence[Sequence[str]]) -> tuple[Opened, ColumnsFound]:
    """Which column is which field, by what was said of them, their names, and their values in the first `records`.

    The first is `opened`, with what there is to say if the columns are not those of the supplier's files so far.
    """
    mapping = file.options.mapping
    found = suppliers.drift_of(file, opened.header, records)
    if found is None:
        return opened, choose(opened.header, mapping, records)
    supplier = suppliers.name_of(file)
    if found.is_settled(file.remapped):
        opened = replace(opened, warnings=[*opened.warnings, found.sentence(supplier)])
        return opened, choose(opened.header, mapping, records)
    kept = {name: column for name, column in mapping.items() if name not in {*found.lost, *found.arrived}}
    return replace(opened, drift=found.question(supplier, mapping)), choose(opened.header, kept, records)


def decide(opened: Opened, file: SentFile, chosen: ColumnsFound, beginning: Beginning | None = None) -> Opened:
    """`opened` with its columns, those of a known format or else the `chosen` ones, and what their values decide.

    And what they make suspicious. If `opened` is only the `beginning` of the file, as far as that goes.
    """
    known = format_named(opened.format)
    columns = opened.columns or chosen.columns
    words = {**(known.active if known else {}), **file.options.words}
    asked = () if known else chosen.questions
    warnings = [*opened.warnings, *(question.sentence for question in asked if not question.must_be_answered)]
    opened = replace(opened, columns=columns, words=words, warnings=warnings)
    content = _content(opened, beginning)
    sample = content.sample()
    is_corrected = is_correction(opened.header)
    if file.follows and is_corrected:
        # A few corrected rows do not show how the whole file was written.
        numbers = NumberStyle.from_json(file.follows.numbers)
    else:
        numbers = detect_number_style(sample.values("price"), known.decimal if known else "")
    opened = replace(opened, numbers=with_asked(numbers, file.options.numbers))
    if "sku" not in columns:
        return opened
    known_damage, least = NO_DAMAGE, 2
    if is_corrected:
        # Of rejected rows that come back, the others with the same damaged SKU may have been corrected.
        known_damage = DamagedSkus.from_json(file.follows.damaged_skus) if file.follows else NO_DAMAGE
        least = 2 if file.follows else 1
    damaged, told = content.damaged_skus(sample, known_damage, least=least)
    ending = list(content.ending())
    suspicions = [*told, *warnings_of(sample, opened.numbers, words), *ending]
    return replace(opened, damaged=damaged, is_cut_off=bool(ending), warnings=[*warnings, *suspicions])


def _content(opened: Opened, beginning: Beginning | None) -> Content:
    text = opened.text
    return Content(
        text.stream,
        text.encoding,
        text.dialect,
        opened.data,
        opened.header,
        opened.columns,
        has_marks=text.has_marks,
        is_sheet=bool(text.sheet),
        is_cut=bool(beginning and beginning.cut),
        tail=beginning.tail if beginning else b"",
    )


def first_records(opened: Opened, count: int) -> Iterator[list[str]]:
    """The fields of the first `count` records, without the damaged ones."""
    records = narrow_records(opened.text, opened.data, count, len(opened.header))
    return (record.fields for record in records if record.fields and not record.damage)
