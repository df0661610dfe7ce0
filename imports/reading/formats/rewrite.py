"""Rewriting the export of a known system: CSV in which each row says by itself what it means.

Each record is written on one line, which has the number of the record's first line in the original: blank lines
follow where it had several. All columns stay where they were; what the format's rules say is changed in place. What
a CSV field cannot say is written with the marks of `marks.py`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from imports.reading.corrections import is_correction
from imports.reading.formats.recognize import Recognized
from imports.reading.formats.rules import OrphanError, Rules
from imports.reading.marks import ALL_MARKS, FAULT, SKIPPED, SUBSTITUTE, faulty, on_one_line, skipped
from imports.reading.table import Table

BLOCK_CHARACTERS = 256 * 1024
ENCODING = "utf-8"
DELIMITER = ","

_not_on_one_line = re.compile(f"[\r\n{ALL_MARKS}]").search
_RESERVED = str.maketrans(dict.fromkeys(ALL_MARKS, SUBSTITUTE))
# A workbook was rewritten before, with these.
_RESERVED_IN_WORKBOOK = str.maketrans(dict.fromkeys((FAULT, SKIPPED), SUBSTITUTE))


def needs_rewriting(recognized: Recognized, header: Sequence[str]) -> bool:
    """Whether the rows of this file mean other than what they say.

    Those of a file of rejected rows that comes back, corrected, were rewritten before.
    """
    return recognized.format.has_rules and not is_correction(header)


class Rewriter:
    """Rewrites the records of one file.

    Args:
        recognized: the format of the file, as its header told it.
        header: the column names, which stand in line `header_line`.
        from_workbook: the file is a sheet, in which empty cells at the end of a row are not written.

    After `blocks`, `skipped` says how many rows were skipped, by the code of the reason, and `warnings` what else
    there is to know.
    """

    def __init__(
        self, recognized: Recognized, header: Sequence[str], *, header_line: int = 1, from_workbook: bool = False
    ) -> None:
        self.skipped: Counter[str] = Counter()
        self._table = Table(header, recognized.columns, is_sheet=from_workbook)
        self._rules = Rules(recognized, header) if needs_rewriting(recognized, header) else None
        self._header = list(header)
        self._header_line = header_line
        self._from_workbook = from_workbook
        self._reserved = _RESERVED_IN_WORKBOOK if from_workbook else _RESERVED

    @property
    def warnings(self) -> list[str]:
        """Sentences for the sender."""
        return self._rules.warnings if self._rules else []

    def blocks(self, records: Iterable[tuple[int, list[str], str]]) -> Iterator[bytes]:
        """The rewritten file, in blocks of some hundred KB.

        `records` are those behind the header: of each the number of its first line, its fields (which are changed),
        and the reason why it cannot be read, mostly empty, as `csvfile.Record` has them. One with another number of
        fields than the header has is damaged; where a file has a delimiter at the end of each line, the caller knows.
        """
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=DELIMITER, lineterminator="\n")
        header = [on_one_line(name) for name in self._header]
        # The line that is written next.
        at = 1
        for line, fields in self._rows(self._header_line, header, records):
            while at < line:
                blank = min(line - at, BLOCK_CHARACTERS)
                buffer.write("\n" * blank)
                at += blank
                if buffer.tell() > BLOCK_CHARACTERS:
                    yield _taken(buffer)
            writer.writerow(fields)
            at += 1
            if buffer.tell() > BLOCK_CHARACTERS:
                yield _taken(buffer)
        yield _taken(buffer)

    def _rows(
        self, header_line: int, header: list[str], records: Iterable[tuple[int, list[str], str]]
    ) -> Iterator[tuple[int, list[str]]]:
        """The records as they are written."""
        yield header_line, header
        width, rules = len(header), self._rules
        for line, fields, fault in records:
            text = "".join(fields)
            if not text.isprintable() and _not_on_one_line(text):
                fields[:] = [field if field.isprintable() else self._on_one_line(field) for field in fields]
            if fault:
                fields[0] = faulty(fault, fields[0])
            if rules:
                if self._from_workbook and len(fields) < width:
                    fields.extend([""] * (width - len(fields)))
                # What is no row of the table stays as it is, to be told as such by the import.
                if fault or not self._table.stands_apart(line, fields):
                    if fault or len(fields) != width:
                        rules.pass_damaged(fields[0] if not fault else text)
                    else:
                        self._apply(rules, fields)
            yield line, fields

    def _apply(self, rules: Rules, fields: list[str]) -> None:
        try:
            code = rules.apply(fields)
        except OrphanError as error:
            fields[0] = faulty(str(error), fields[0])
            return
        if code:
            self.skipped[code] += 1
            fields[0] = skipped(code, fields[0])

    def _on_one_line(self, field: str) -> str:
        return on_one_line(field.translate(self._reserved))


def _taken(buffer: io.StringIO) -> bytes:
    """What is in `buffer`, which is empty then. Bytes that were no text stay what they were."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(ENCODING, "surrogateescape")
