"""A product's extra as a table to read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from acme_importer.texts import printable, shortened

# Names and texts may be as long as a whole page.
SHOWN_LENGTH = 200


def extra_table(extra: Mapping[str, str]) -> SafeString:
    """A row for each text, by the names of their columns."""
    rows = ((_shown(name), _shown(text)) for name, text in sorted(extra.items()))
    body = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td></tr>', rows)
    return format_html('<table class="extra-texts"><tbody>{}</tbody></table>', body)


def _shown(text: str) -> str:
    return printable(shortened(text, SHOWN_LENGTH))
