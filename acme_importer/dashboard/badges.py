"""A badge: a word in a colour that has a meaning, as `templates/badge.html` writes it. Knows no app."""

from __future__ import annotations

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


# Lists have one in each row, and there are a handful of different ones.
@lru_cache(maxsize=100)
def badge(text: str, kind: str = "") -> SafeString:
    """A badge with `text`; `kind` is `good`, `busy`, `warn` or `bad`, else it is plain; `count` has no dot."""
    return render_to_string("badge.html", {"kind": kind, "text": text})
