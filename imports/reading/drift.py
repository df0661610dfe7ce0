"""How the header of a file differs from that of its supplier's earlier files, and what is proposed. Knows no database.

A column that was moved is no difference, nor is one written in another way (`names.folded`). A column more is a remark,
unless its name tells a field that the supplier's files did not have: then somebody has to say whether it is wanted. A
column less always stops, also one that was ignored: a file that lacks what it always had may be another export.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from imports.reading.columns import ColumnsFound, choose, position_of
from imports.reading.errors import FileRefusedError
from imports.reading.names import folded, meaning
from imports.reading.questions import BY_NUMBER, Question, column_reference, is_numbered
from imports.reading.texts import shown

# Of two headers that resemble each other, so many columns are the same, and so many for each that is in one only.
_FEWEST_COMMON = 2
_COMMON_TO_EACH_DIFFERENT = 1.5
# A file may have thousands of columns; a sentence should not.
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """What is different in a header.

    Attributes:
        gone: the names of the columns that are no longer there.
        added: the names of those that are new.
        lost: by field, the column that it had and that is gone.
        arrived: by field, the new column whose name tells it, of fields that had no column.
        proposed: a mapping of all the lost and arrived fields; "" for one that no column could be.
    """

    gone: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    arrived: dict[str, str] = field(default_factory=dict)
    proposed: dict[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """Whether somebody has to look at it before the file is imported."""
        return bool(self.gone or self.lost or self.arrived)

    def is_settled(self, said: Collection[str]) -> bool:
        """Whether the sender has looked at it: he has `said` of fields which columns of this file they have.

        Of all that had lost theirs: so none is dropped in silence.
        """
        return not self.stops or (bool(said) and {*self.lost, *self.arrived} <= {*said})

    def sentence(self, supplier: str) -> str:
        """What is different."""
        return f"The columns are not those of the files of {supplier} so far. {self.changes()}"

    def changes(self) -> str:
        """The columns that are gone, and those that are new."""
        told = []
        if self.gone:
            told.append(f"Gone: {_listed(self.gone)}.")
        if self.added:
            told.append(f"New: {_listed(self.added)}.")
        if not told:
            told.append("They are in another order, and one of them is known by its place only.")
        return " ".join(told)

    def proposal(self) -> str:
        """What is proposed for each field that is concerned."""
        told = []
        for name in (*self.lost, *self.arrived):
            column = self.proposed[name]
            was = f", which was '{shown(self.lost[name])}'" if name in self.lost else ""
            told.append(
                f" Proposed for {name}{was}: '{shown(column)}'."
                if column
                else f" There is no column for {name}{was}: without one, the file leaves it as it is."
            )
        return "".join(told)

    def question(self, supplier: str, mapping: Mapping[str, str]) -> Question:
        """What the sender is asked, whose columns were to be found by `mapping`, which is empty in a known format."""
        sentence = self.sentence(supplier) + self.proposal()
        if not mapping:
            return Question("", f"{sentence} To import it all the same, send it without the supplier.", sentence)
        remedy = " Say with a mapping which column is which; a field without a column is mapped to nothing."
        return Question("", sentence + remedy, sentence, mapping={**mapping, **self.proposed})


def fingerprint(header: Sequence[str], format_name: str = "") -> str:
    """What files with the same columns have in common, whatever their order; empty for a file without header."""
    if not header or is_numbered(header):
        return ""
    names = "\n".join(sorted(map(folded, header)))
    return hashlib.sha256(f"{format_name}\n{names}".encode("utf-8", "surrogatepass")).hexdigest()


def resembles(known: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a file with this header may be one of those with the `known` one, some of whose columns have changed."""
    before, now = Counter(map(folded, known)), Counter(map(folded, header))
    common = (before & now).total()
    different = (before | now).total() - common
    return common >= _FEWEST_COMMON and different <= common / _COMMON_TO_EACH_DIFFERENT and not is_numbered(known)


def drift(
    known: Sequence[str], mapping: Mapping[str, str], header: Sequence[str], records: Sequence[Sequence[str]] = ()
) -> Drift:
    """How `header` differs from the `known` one, of which `mapping` says which column is which field.

    `records` are the first of the file; their values help to propose columns.
    """
    before, now = Counter(map(folded, known)), Counter(map(folded, header))
    gone = _names_of(known, before - now)
    added = _names_of(header, now - before)
    lost = {name: column for name, column in mapping.items() if column and not _is_there(name, column, known, header)}
    arrived = {}
    for column in added:
        told = meaning(column)
        if told and not mapping.get(told.field) and told.field not in arrived:
            arrived[told.field] = column
    concerned = {name: column for name, column in mapping.items() if name in lost} | arrived
    kept = {name: column for name, column in mapping.items() if name not in concerned}
    # One column that was renamed may be called anything.
    renamed = added if len(gone) == len(added) == 1 else []
    names = {name: _named(column, known) for name, column in lost.items()}
    # Of one that is known by its number, and was moved, the name may still be there.
    candidates = [*added, *names.values()]
    proposed = _proposed(list(concerned), choose(header, kept, records), candidates, renamed) if concerned else {}
    return Drift(gone, added, names, arrived, proposed)


def _names_of(header: Sequence[str], counts: Counter[str]) -> list[str]:
    """The columns of `header` that are in `counts`, by their numbers where they have no name."""
    left, names = Counter(counts), []
    for at, name in enumerate(header):
        if left[folded(name)] > 0:
            left[folded(name)] -= 1
            names.append(name or f"column {at + 1}")
    return names


def _is_there(name: str, column: str, known: Sequence[str], header: Sequence[str]) -> bool:
    """Whether `header` has the column that the field `name` had; one known by its number must still be the same."""
    try:
        position = position_of(column, header, name)
        return not BY_NUMBER.fullmatch(column) or folded(header[position]) == folded(known[position])
    except (FileRefusedError, IndexError):
        return False


def _named(column: str, known: Sequence[str]) -> str:
    number = BY_NUMBER.fullmatch(column)
    return known[int(number[1]) - 1] or column if number and int(number[1]) <= len(known) else column


def _proposed(
    concerned: Sequence[str], chosen: ColumnsFound, candidates: Sequence[str], renamed: Sequence[str]
) -> dict[str, str]:
    """A column for each of the fields `concerned`, from the `candidates`; "" where none could be it."""
    header = chosen.header
    new = {position for position, name in enumerate(header) if (name or f"column {position + 1}") in candidates}
    proposed = {}
    for name in concerned:
        found = [chosen.columns[name]] if name in chosen.columns else []
        ranked = [*found, *chosen.proposals.get(name, []), *(new if renamed else [])]
        best = next((position for position in ranked if position in new), None)
        proposed[name] = "" if best is None else column_reference(best, header)
        new -= {best}
    return proposed


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(f"'{shown(name)[:40]}'" for name in names[:_MOST_NAMED])
    return listed + (f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else "")
