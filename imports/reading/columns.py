"""Which column is which field of a product: by mapping, by name, and what is proposed where neither decides.

Nothing is guessed in silence. What is open becomes a question, and never takes away what was found of other fields.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imports.reading.errors import FileRefusedError
from imports.reading.names import Meaning, Standing, folded, meaning
from imports.reading.proposals import propose
from imports.reading.texts import shown
from products.fields import FIELDS

# A column by its number, where its name is not the only one of its kind.
_BY_NUMBER = re.compile(r"#([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Question:
    """What only the sender can say: which of `candidates`, the best first, is the column of `field`.

    `proposed` is the position of the best one, if any. Where it `must_be_answered`, the file cannot be imported before;
    otherwise it is imported as the sentence says.
    """

    field: str
    sentence: str
    candidates: tuple[tuple[int, str], ...] = ()
    proposed: int | None = None
    must_be_answered: bool = True


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

    def mapping_to_copy(self) -> str:
        """The arguments of the command that take what is proposed; empty if nothing is."""
        arguments = [
            f"--mapping {question.field}={_quoted(column_reference(question.proposed, self.header))}"
            for question in self.questions
            if question.proposed is not None and question.proposed != self.columns.get(question.field)
        ]
        return " ".join(arguments)

    def check(self) -> dict[str, int]:
        """The columns; raises FileRefusedError with the question if there is one that must be answered."""
        for question in self.questions:
            if question.must_be_answered:
                raise FileRefusedError(question.sentence)
        return self.columns


def find_columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """The position in `header` of each field that the file has; raises FileRefusedError where that must be asked."""
    return choose(header, mapping).check()


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
                questions.append(Question(name_of_field, str(error)))
    candidates = _candidates(header, {*columns.values()})
    asked = [name for name in FIELDS if name not in mapping]
    columns |= {name: best for name in asked if (best := _best(candidates[name])) is not None}
    unnamed = [name for name in asked if name not in columns and (name == "sku" or not candidates[name])]
    by_values = propose(records, header, columns, unnamed)
    if "name" in unnamed and "name" not in by_values and "description" in columns and "description" in asked:
        # Price lists often call the name a description.
        without = {name: position for name, position in columns.items() if name != "description"}
        by_values |= propose(records, header, without, ["name"], among=[columns["description"]])
    proposals: dict[str, list[int]] = field(default_factory=dict)

    @property
    def question(self) -> Question | None:
        """The question to be asked first."""
        return self.questions[0] if self.questions else None

    @property
    def ignored(self) -> list[str]:
        """The names of the ignored columns."""
        return ignored_columns(self.header, self.columns)

    def mapping_to_copy(self) -> str:
        """The arguments of the command that take what is proposed; empty if nothing is."""
        arguments = [
            f"--mapping {question.field}={_quoted(column_reference(question.proposed, self.header))}"
            for question in self.questions
            if question.proposed is not None and question.proposed != self.columns.get(question.field)
        ]
        return " ".join(arguments)

    def check(self) -> dict[str, int]:
        """The columns; raises FileRefusedError with the question if there is one that must be answered."""
        for question in self.questions:
            if question.must_be_answered:
                raise FileRefusedError(question.sentence)
        return self.columns


def find_columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """The position in `header` of each field that the file has; raises FileRefusedError where that must be asked."""
    return choose(header, mapping).check()


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
                questions.append(Question(name_of_field, str(error)))
    candidates = _candidates(header, {*columns.values()})
    asked = [name for name in FIELDS if name not in mapping]
    columns |= {name: best for name in asked if (best := _best(candidates[name])) is not None}
    by_values = propose(records, header, columns, [name for name in asked if not candidates[name]])
    if "sku" in asked and "sku" not in columns and (sku := propose(records, header, columns, ["sku"])):
        by_values |= sku
    proposals: dict[str, list[int]] = {}
    for name in asked:
        ranked = [position for _, position in candidates[name]]
        first = by_values.get(name)
        if first is not None:
            ranked = [first, *(position for position in ranked if position != first)]
        if ranked:
            proposals[name] = ranked
        question = _question(name, header, columns.get(name), candidates[name], ranked, first)
        if question:
            questions.append(question)
    questions.sort(key=lambda question: not question.must_be_answered)
    found = {name: columns[name] for name in FIELDS if name in columns}
    return ColumnsFound(tuple(header), found, tuple(questions), proposals)


def ignored_columns(header: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The names of the columns that are not imported; of those without a name, their numbers."""
    taken = set(columns.values())
    return [name or f"column {i + 1}" for i, name in enumerate(header) if i not in taken]


def position_of(name: str, header: Sequence[str], field_name: str) -> int:
    """The position of the column that a mapping gives to a field; raises FileRefusedError if there is not just one.

    It is named as freely as headers are written, or by number: "#3".
    """
    positions = [i for i, other in enumerate(header) if other == name]
    if not positions and (number := _BY_NUMBER.fullmatch(name)) and int(number[1]) <= len(header):
        return int(number[1]) - 1
    positions = positions or [i for i, other in enumerate(header) if folded(other) == folded(name)]
    if len(positions) != 1:
        what = "has no column" if not positions else "has more than one column"
        raise FileRefusedError(
            f"mapping: the file {what} '{name}' for '{field_name}'. {first_line_reads(header)}"
        )
    return positions[0]


def column_reference(position: int, header: Sequence[str]) -> str:
    """How a mapping names that column: by its name, or by its number where that is not clear, or cannot be written."""
    name = header[position]
    is_plain = name.strip() == name != "" and name.isprintable() and not _BY_NUMBER.fullmatch(name)
    return name if is_plain and list(header).count(name) == 1 else f"#{position + 1}"


def first_line_reads(header: Sequence[str]) -> str:
    """A sentence with the column names, shortened where there are many or long ones."""
    listed = ", ".join(f"'{name[:40]}'" for name in header[:20]) + (", …" if len(header) > 20 else "")
    return f"Its first line reads: {listed}."


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


def _question(
    name: str,
    header: Sequence[str],
    found: int | None,
    candidates: Sequence[_Candidate],
    ranked: Sequence[int],
    by_values: int | None,
) -> Question | None:
    """What is to be asked about the field `name`, if anything."""
    highest = [position for told, position in candidates if told.standing == candidates[0][0].standing]
    named = tuple((position, header[position]) for position in ranked)
    proposed = ranked[0] if ranked else None
    if found is not None:
        # Only of prices are there several in good order, each of them a price.
        others = [position for position in ranked if position != found]
        if name != "price" or not others:
            return None
        sentence = (
            f"{_listed([found], header)} is imported as the price; {_listed(others, header)} could be meant as well. "
            "If so, say with a mapping which it is."
        )
        return Question(name, sentence, named, found, must_be_answered=False)
    if candidates and candidates[0][0].standing <= Standing.LESSER:
        sentence = (
            f"Columns {_listed(highest, header)} {'both' if len(highest) == 2 else 'all'} look like '{name}'; "
            "remove one, or say with a mapping which it is."
        )
        return Question(name, sentence, named, proposed)
    if name == "sku":
        could_be = f" {_listed(ranked[:3], header, 'or')} could be it." if ranked else ""
        sentence = (
            f"The file has no column 'sku'. {first_line_reads(header)}{could_be} "
            "Name the column in the file, or say with a mapping which it is."
        )
        return Question(name, sentence, named, proposed)
    if not ranked:
        return None
    is_asked = bool(candidates) and candidates[0][0].standing == Standing.ASKED
    how = "By its values, " if by_values == proposed else ""
    sentence = f"No column is clearly '{name}'. {how}{_listed(ranked[:3], header, 'or')} could be it; " + (
        "say with a mapping which it is, or that there is none."
        if is_asked
        else "unless a mapping says so, it is not imported."
    )
    return Question(name, sentence, named, proposed, must_be_answered=is_asked)


def _listed(positions: Sequence[int], header: Sequence[str], last: str = "and") -> str:
    """Those columns for a sentence, with their numbers where they have the same name."""
    names = [header[position] for position in positions]
    texts = [
        f"'{shown(name)[:40]}'" + (f" (#{position + 1})" if names.count(name) > 1 or not name else "")
        for position, name in zip(positions, names, strict=True)
    ]
    return f" {last} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


_PLAIN_IN_A_SHELL = re.compile(r"[\w.-]+")
_SAFE_IN_QUOTES = re.compile(r"[\w .,:;/()+*#&%'=@?<>|€£\[\]{}-]+")


def _quoted(text: str) -> str:
    """`text` as an argument in a shell, in which nothing of a stranger's is run."""
    if _PLAIN_IN_A_SHELL.fullmatch(text):
        return text
    return f'"{text}"' if _SAFE_IN_QUOTES.fullmatch(text) else shlex.quote(text)
