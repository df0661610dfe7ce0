"""Measures how often the encoding of a text is detected. `python -m benchmarks.encodings` prints the table of the docs.

Right is an encoding that gives the text back as it was written. The texts are those of `benchmarks.texts`.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator

from benchmarks.texts import LANGUAGES, TEN
from imports.reading.encodings import BLOCK_BYTES, detect_encoding, utf8_blocks

SIZES = (1, 2, 3, 5, 20, 200)
SEEDS = range(20)


def texts(size: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Of each text: its language, its encoding, the text, its bytes."""
    for language in LANGUAGES:
        for seed in SEEDS:
            text = "\n".join(language.lines(size, seed)) + "\n"
            for encoding in language.encodings:
                # A few letters are missing in a few encodings; nobody can send those.
                encoded = text.encode(encoding, "ignore")
                if encoded.decode(encoding) == text:
                    yield language.name, encoding, text, encoded


def is_right(text: str, encoded: bytes) -> bool:
    """Whether what is detected gives `text` back."""
    found = detect_encoding(io.BytesIO(encoded)).encoding
    return b"".join(utf8_blocks(io.BytesIO(encoded), found)).decode("utf-8", "replace") == text


def main() -> None:
    """Measure, and print."""
    wrong: Counter[tuple[str, str]] = Counter()
    print("| lines beyond ASCII | texts | right | of ten languages |")
    print("|--:|--:|--:|--:|")
    for size in SIZES:
        results = [(name, encoding, is_right(text, encoded)) for name, encoding, text, encoded in texts(size)]
        of_ten = [right for name, _, right in results if name in TEN]
        share, share_of_ten = sum(right for *_, right in results) / len(results), sum(of_ten) / len(of_ten)
        print(f"| {size} | {len(results):,} | {share:.2%} | {share_of_ten:.2%} |")
        if size >= 5:
            wrong.update((name, encoding) for name, encoding, right in results if not right)
    for (name, encoding), times in wrong.most_common():
        print(f"Wrong from five lines on: {name} in {encoding}, {times} times")
    sample = ("\n".join(LANGUAGES[0].lines(100_000, 1)) + "\n").encode("cp1252")[: 8 * BLOCK_BYTES]
    started = time.perf_counter()
    detect_encoding(io.BytesIO(sample))
    print(f"Detection in a file of {len(sample) / BLOCK_BYTES:.0f} MB: {1000 * (time.perf_counter() - started):.0f} ms")


if __name__ == "__main__":
    main()
