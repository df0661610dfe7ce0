"""What the sender of a file has said of it, in words: for the receipt, the job's page and the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imports.options import Options
from imports.reading.empty_cells import USUAL

MODES = {
    "": "create new products and update existing ones",
    "create_and_update": "create new products and update existing ones",
    "update_only": "only update existing products",
    "create_only": "only create new products",
}
# What an empty cell does to a product that exists.
EMPTY_CELLS = {"keep": "keeps what is there", "clear": "clears what is there", "reject": "rejects the row"}


def said_of_rows(options: Options) -> list[str]:
    """What is to become of the rows, where that is not as usual."""
    said = []
    if options.mode not in ("", "create_and_update"):
        said.append(MODES[options.mode])
    if options.new_products == "inactive":
        said.append("new products are inactive")
    said += [
        f"an empty {name} {EMPTY_CELLS[choice]}"
        for name, choice in options.empty_cells.items()
        if choice and choice != USUAL[name]
    ]
    if options.extra:
        said.append("other columns are kept with the products")
    return said


def said_of_words(words: Mapping[str, bool]) -> list[str]:
    """What words of the status column mean."""
    return [f"{word} → {'active' if is_active else 'inactive'}" for word, is_active in words.items()]


def header_place(lines: Sequence[int]) -> str:
    """Where the header is, by its lines."""
    if not lines:
        return "none: columns go by their numbers"
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} and {lines[-1]}"
