"""Which column is which field of a product: by mapping, by name, and what is proposed where neither decides.

Nothing is guessed in silence. What is open becomes a question, and never takes away what was found of other fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap

from acme_importer.formulas import SIGN
from imports.reading.errors import FileRefusedError
from imports.reading.names import Meaning, Standing, folded, meaning
from imports.reading.proposals import propose
from imports.reading.questions import BY_NUMBER, Case, Question, column_reference, header_reads, mapping_argument
from products.fields import FIELDS


@dataclass(frozen=True, slots=True)
class ColumnsFound:
    """The position of each field that was found, what is open, and by field the columns that it could be, best first.

    The questions that must be answered come first.
    """

    header: tuple[str, ...]
    columns: dict[str, int]
    questions: tuple[Question, ...] = ()
    proposals: dict[str, list[int]] = field(default_factory=dict)

    @property
    def question(self) -> Question | None:
        """The question to be asked first."""
        return self.questions[0] if self.questions else None

    @property
    def ignored(self) -> list[str]:
        """The names of the ignored columns."""
        return ignored_columns(self.header, self.columns)

    @property
    def proposed_mapping(self) -> dict[str, str]:
        """The mapping that takes what is proposed; empty if nothing is."""
        return {
            question.field: column_reference(question.proposed, self.header)
            for question in self.questions
            if question.proposed is not None and question.proposed != self.columns.get(question.field)
        }

    def mapping_to_copy(self) -> str:
        """The arguments of the command that take what is proposed; empty if nothing is."""
        return " ".join(starmap(mapping_argument, self.proposed_mapping.items()))

    @property
    def open_question(self) -> Question | None:
        """The question that must be answered first, if any."""
        return next((question for question in self.questions if question.must_be_answered), None)

    def check(self) -> dict[str, int]:
        """The columns; raises FileRefusedError with the question if there is one that must be answered."""
        if self.open_question:
            raise FileRefusedError(self.open_question.sentence)
        return self.columns


def choose(
    header: Sequence[str], mapping: Mapping[str, str] | None = None, records: Sequence[Sequence[str]] = ()
) -> ColumnsFound:
    """Which column of `header` is which field.

    A field named in `mapping` takes the column given there (none, if that is empty); the others go by their names. For
    those that are not found, the values in `records`, the first of the file, propose a column.
    """
    mapping = mapping or {}
    columns: dict[str, int] = {}
    questions: list[Question] = []
    for name_of_field, name in mapping.items():
        if name:
            try:
                columns[name_of_field] = position_of(name, header, name_of_field)
            except FileRefusedError as error:
                questions.append(Question(name_of_field, str(error), str(error)))
    candidates = _candidates(header, {*columns.values()})
    asked = [name for name in FIELDS if name not in mapping]
    columns |= {name: best for name in asked if (best := _best(candidates[name])) is not None}
    unnamed = [name for name in asked if name not in columns and (name == "sku" or not candidates[name])]
    by_values = propose(records, header, columns, unnamed)
    if "name" in unnamed and "name" not in by_values and "description" in columns and "description" in asked:
        # Price lists often call the name a description.
        without = {name: position for name, position in columns.items() if name != "description"}
        by_values |= propose(records, header, without, ["name"], among=[columns["description"]])
    proposals: dict[str, list[int]] = {}
    for name in asked:
        ranked = [position for _, position in candidates[name]]
        first = by_values.get(name)
        if first is not None:
            ranked = [first, *(position for position in ranked if position != first)]
        if ranked:
            proposals[name] = ranked
        case = Case(name, header, columns.get(name), candidates[name], ranked, first)
        if question := case.question():
            questions.append(question)
    if mapping.get("sku") == "" and (no_sku := Case("sku", header, None, [], [], None).question()):
        questions.append(no_sku)
    questions.sort(key=lambda question: not question.must_be_answered)
    found = {name: columns[name] for name in FIELDS if name in columns}
    return ColumnsFound(tuple(header), found, tuple(questions), proposals)


def ignored_columns(header: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The names of the columns that are not imported; of those without a name, their numbers.

    The sign of a file for spreadsheets is none of them: it did what it is for.
    """
    taken = set(columns.values())
    return [name or f"column {i + 1}" for i, name in enumerate(header) if i not in taken and name != SIGN]


def position_of(name: str, header: Sequence[str], field_name: str) -> int:
    """The position of the column that a mapping gives to a field; raises FileRefusedError if there is not just one.

    It is named as freely as headers are written, or by number: "#3".
    """
    positions = [i for i, other in enumerate(header) if other == name]
    if not positions and (number := BY_NUMBER.fullmatch(name)) and int(number[1]) <= len(header):
        return int(number[1]) - 1
    positions = positions or [i for i, other in enumerate(header) if folded(other) == folded(name)]
    if len(positions) != 1:
        what = "has no column" if not positions else "has more than one column"
        raise FileRefusedError(f"mapping: the file {what} '{name}' for '{field_name}'. {header_reads(header)}")
    return positions[0]


_Candidate = tuple[Meaning, int]


def _candidates(header: Sequence[str], taken: set[int]) -> dict[str, list[_Candidate]]:
    """By field, the columns that could be it by their names, the best first, whatever their order in the file."""
    candidates: dict[str, list[_Candidate]] = {name: [] for name in FIELDS}
    for position, name in enumerate(header):
        if position not in taken and (told := meaning(name)):
            candidates[told.field].append((told, position))
    for ranked in candidates.values():
        ranked.sort(key=lambda one: (one[0], folded(header[one[1]]), header[one[1]], one[1]))
    return candidates


def _best(ranked: Sequence[_Candidate]) -> int | None:
    """The one that is the field without a question: the only one of the highest standing."""
    highest = [position for told, position in ranked if told.standing == ranked[0][0].standing]
    return highest[0] if len(highest) == 1 and ranked[0][0].standing <= Standing.LESSER else None
