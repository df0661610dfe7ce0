"""The texts that the sheets of a .xlsx share: nearly all, in the files that spreadsheet programs write."""

from __future__ import annotations

from array import array
from typing import IO
from xml.parsers import expat


class SharedTexts:
    """The texts by their number. A fifth of the time and two fifths of the memory that openpyxl's own list takes.

    They are kept as UTF-8 behind one another, with where each begins (measured: benchmarks/recognition.py).
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._content = bytearray()
        # Four bytes are enough: `workbooks.MAX_TEXTS_BYTES` is less than they count.
        self._starts = array("I", [0])
        self._is_text = self._is_phonetic = False
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add
        parser.ParseFile(source)

    def __getitem__(self, number: int) -> str:
        if number < 0:
            raise IndexError(number)
        end = self._starts[number + 1]
        return self._content[self._starts[number] : end].decode()

    def _begin(self, tag: str, _: object) -> None:
        if tag.endswith(" t"):
            self._is_text = not self._is_phonetic
        elif tag.endswith(" rPh"):
            # How a text is pronounced, in Japanese workbooks.
            self._is_phonetic = True

    def _end(self, tag: str) -> None:
        self._is_text = False
        if tag.endswith(" si"):
            self._starts.append(len(self._content))
        elif tag.endswith(" rPh"):
            self._is_phonetic = False

    def _add(self, text: str) -> None:
        if self._is_text:
            self._content += text.encode("utf-8", "replace")
