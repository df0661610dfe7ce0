"""The beginning of a file as text, for its preview. With a draft it is kept where it had to be made.

Each view of a draft's page needs it, and of a large workbook it takes many seconds to make (docs/performance.md).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, fields
from io import BytesIO

from imports.files.space import DiskFullError
from imports.files.storage import delete_stored, keep_content, open_stored
from imports.models import Draft, SentFile
from imports.opening.beginning import read_excerpt, text_options
from imports.opening.found import Excerpt, Text
from imports.reading.encodings import Detection

_TEXT_FIELDS = [field.name for field in fields(Text) if field.name not in ("stream", "detected", "dialect")]


def excerpt_of(file: SentFile) -> Excerpt:
    """The beginning of `file` as text. Raises FileRefusedError, with a sentence for the sender, if it has none."""
    if not isinstance(file, Draft):
        return read_excerpt(file)
    kept = _kept(file)
    if kept is None:
        kept = read_excerpt(file)
        if kept.is_rewritten:
            # It is only made again then.
            with suppress(DiskFullError):
                _keep(file, kept)
    return kept


def _kept(draft: Draft) -> Excerpt | None:
    """What is kept with the draft, if it still is what was asked for."""
    if draft.excerpt.get("asked") != text_options(draft):
        return None
    with suppress(FileNotFoundError), open_stored(draft.excerpt_stored_as) as stream:
        known = draft.excerpt["detected"]
        detected = Detection(**{**known, "examples": tuple(known["examples"])})
        text = Text(stream=BytesIO(stream.read()), detected=detected, **draft.excerpt["text"])
        return Excerpt(text, draft.excerpt["cut"], is_rewritten=True)
    return None


def _keep(draft: Draft, excerpt: Excerpt) -> None:
    """Keep the excerpt with the draft, instead of the one before; unless another request was first."""
    text = excerpt.text
    known = {
        "asked": text_options(draft),
        "text": {name: getattr(text, name) for name in _TEXT_FIELDS},
        "detected": asdict(text.detected),
        "cut": excerpt.cut,
    }
    before = draft.excerpt_stored_as
    text.stream.seek(0)
    stored_as = keep_content(text.stream.read())
    # By compare-and-set: the draft may be gone by now, or have another one.
    unchanged = Draft.objects.filter(pk=draft.pk, excerpt_stored_as=before)
    if unchanged.update(excerpt_stored_as=stored_as, excerpt=known):
        draft.excerpt_stored_as, draft.excerpt = stored_as, known
        delete_stored(before)
    else:
        delete_stored(stored_as)
