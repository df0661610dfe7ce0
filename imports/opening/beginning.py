"""Opening the beginning of a file, in memory, for somebody who wants to see how it will be read."""

from __future__ import annotations

from imports.files.storage import open_stored
from imports.models import SentFile
from imports.opening.found import Beginning, Excerpt
from imports.opening.places import InMemory
from imports.opening.table import opened_as
from imports.opening.text import text_of


def read_excerpt(file: SentFile) -> Excerpt:
    """The first `BEGINNING_BYTES` of a file. Depends on the file and on those of its options that `text_options` gives.

    What shows the encoding may come later in the file than that; until there, the text is ASCII, and the same
    in any encoding. Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    place = InMemory()
    with open_stored(file.stored_as) as stream:
        text = text_of(stream, file, place)
    return Excerpt(text, place.cut, place.has_rewritten, place.tail)


def text_options(file: SentFile) -> dict[str, str]:
    """What was asked for that decides what the text of a file is."""
    return {"sheet": file.options.sheet, "encoding": file.options.encoding}


def open_beginning(file: SentFile, excerpt: Excerpt) -> Beginning:
    """Open the `excerpt` of a file, in memory, as the whole would be opened. Its columns are not judged.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    place = InMemory(cut=excerpt.cut)
    opened = opened_as(excerpt.text, file, place)
    return Beginning(opened, place.cut, b"" if place.has_rewritten else excerpt.tail)
