"""What the sender of a file has said of it, in words: for the receipt, the job's page and the review."""

from __future__ import annotations

from collections.abc import Mapping

from imports.options import NO_HEADER, Options

MODES = {
    "": "create new products and update existing ones",
    "create_and_update": "create new products and update existing ones",
    "update_only": "only update existing products",
    "create_only": "only create new products",
}
# What an empty cell does to an existing product unless something else is said.
USUAL_EMPTY_CELLS = {"name": "keep", "description": "clear", "price": "clear", "is_active": "keep"}
# What it can do: a product has a name and a status, which cannot be cleared.
EMPTY_CELLS = {
    "name": ("keep", "reject"),
    "description": ("keep", "clear", "reject"),
    "price": ("keep", "clear", "reject"),
    "is_active": ("keep", "reject"),
}
_DONE = {"keep": "keeps what is there", "clear": "clears what is there", "reject": "rejects the row"}


def said_of_rows(options: Options) -> list[str]:
    """What is to become of the rows, where that is not as usual."""
    said = []
    if options.mode not in ("", "create_and_update"):
        said.append(MODES[options.mode])
    if options.new_products == "inactive":
        said.append("new products are inactive")
    said += [
        f"an empty {name} {_DONE[choice]}"
        for name, choice in options.empty_cells.items()
        if choice and choice != USUAL_EMPTY_CELLS[name]
    ]
    if options.extra:
        said.append("other columns are kept with the products")
    return said


def said_of_words(words: Mapping[str, bool]) -> list[str]:
    """What words of the status column mean."""
    return [f"{word} → {'active' if is_active else 'inactive'}" for word, is_active in words.items()]


def said_of_header(options: Options) -> str:
    """Where the header is, if that was said."""
    if options.header_line is None:
        return ""
    return "none" if options.header_line == NO_HEADER else f"line {options.header_line}"
