"""How texts are compressed that are kept by the hundred thousand: what imports have changed, and what became of rows.

The format is zlib's (RFC 1950), whoever writes it. ISA-L writes it in a third of the time, and as small (measured:
docs/performance.md). Knows no app and no Django.
"""

from __future__ import annotations

import zlib

from isal import isal_zlib

_LEVEL = 1


def compressed(text: str) -> bytes:
    """`text` in UTF-8, compressed. Raises UnicodeEncodeError if it has halves of characters."""
    return isal_zlib.compress(text.encode(), _LEVEL)


def decompressed(data: bytes) -> str:
    """The text that was compressed. Raises zlib.error if `data` is damaged."""
    return zlib.decompress(data).decode()
