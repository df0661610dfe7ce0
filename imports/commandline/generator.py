"""Generates product files of any size, to try the importer with. Knows nothing of Django or of the database.

Each row follows from the seed and its number alone, by integer arithmetic: so a file is the same on every machine and
with every version of Python, takes no memory, and a later file can change some products of an earlier one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

HEADER = ("sku", "name", "description", "price", "is_active")

PRODUCTS = (
    ("CHR", "Chair"),
    ("DSK", "Standing Desk"),
    ("LMP", "Floor Lamp"),
    ("SHF", "Bookshelf"),
    ("MUG", "Coffee Mug"),
    ("PAN", 'Frying Pan 11"'),
    ("TSH", "T-Shirt"),
    ("BAG", "Shoulder Bag"),
    ("CLK", "Wall Clock"),
    ("RUG", "Rug, round"),
    ("BTL", "Water Bottle"),
    ("KBD", "Keyboard"),
    ("SFA", "Sofa"),
    ("TBL", "Café Table"),
    ("VAS", "Vase"),
    ("CSH", "Cushion"),
)
ADJECTIVES = ("Classic", "Modern", "Compact", "Sturdy", "Elegant", "Light", "Rustic", "Handmade", "Slim", "Premium")
MATERIALS = (
    "solid oak",
    "brushed steel",
    "organic cotton",
    "walnut",
    "wool",
    "glass",
    "bamboo",
    "leather",
    "washed linen",
    "crème ceramic",
)
PLACES = ("the living room", "the kitchen", "the office", "small flats", "the garden", "children", "every day")
EXTRAS = (
    "Ships in two days",
    "Easy to clean",
    "Made in Portugal",
    "Two years of warranty",
    'Winner of the "Best Buy" award',
    "Spare parts available",
    "Recycled packaging",
)

BITS_64 = 2**64 - 1
# As many SKUs as there are numbers of 40 bits. An odd factor turns each row number into another, in no
# visible order.
SKU_NUMBERS = 2**40
SKU_FACTOR = 0x9E3779B97F


@dataclass(frozen=True)
class Recipe:
    """What a file is to be like. Shares are between 0 and 1."""

    rows: int
    seed: int = 1
    # Rows with the SKU of an earlier row, spelled in another letter case, and with other values.
    duplicates: float = 0.0
    # Rows that an import rejects, each for one of many reasons.
    bad: float = 0.0
    # With `of_seed`: the file of that seed, with the same options, but other values in this share of its products.
    changed: float = 0.0
    of_seed: int | None = None


def write_products(recipe: Recipe, stream: TextIO) -> None:
    """Write the file to `stream`, which must leave line ends alone (newline="")."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(product_rows(recipe))


def product_rows(recipe: Recipe) -> Iterator[list[str]]:
    """The rows of the file, without the header."""
    catalogue = recipe.seed if recipe.of_seed is None else recipe.of_seed
    for number in range(recipe.rows):
        kind = share_of(catalogue, number)
        if kind < recipe.bad:
            yield bad_row(catalogue, number)
        elif kind < recipe.bad + recipe.duplicates:
            yield duplicate_row(recipe, catalogue, number)
        elif recipe.of_seed is not None and share_of(~recipe.seed, number) < recipe.changed:
            yield changed_row(recipe, catalogue, number)
        else:
            yield row(catalogue, number, scramble(catalogue, number))


def scramble(seed: int, number: int) -> int:
    """64 bits that look random and follow from `seed` and `number` (SplitMix64, twice)."""
    return splitmix(splitmix(seed) + number)


def splitmix(state: int) -> int:
    """The next output of the generator SplitMix64 in `state`."""
    state = (state + 0x9E3779B97F4A7C15) & BITS_64
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & BITS_64
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & BITS_64
    return state ^ (state >> 31)


def share_of(seed: int, number: int) -> float:
    """A number from 0 to below 1, to decide by what becomes of a row."""
    return (scramble(seed, ~number) >> 11) / 2**53


def row(catalogue: int, number: int, bits: int) -> list[str]:
    """Product `number` of a catalogue, with values derived from `bits`."""
    code, noun = PRODUCTS[scramble(catalogue, number) & 15]
    adjective = ADJECTIVES[(bits >> 4) % len(ADJECTIVES)]
    material = MATERIALS[(bits >> 12) % len(MATERIALS)]
    place = PLACES[(bits >> 20) % len(PLACES)]
    extra = EXTRAS[(bits >> 28) % len(EXTRAS)]
    cents = 99 + (bits >> 36) % 50_000
    sku_number = (number * SKU_FACTOR + splitmix(catalogue)) % SKU_NUMBERS
    return [
        f"{code}-{sku_number:010X}",
        f"{adjective} {noun} {material}",
        f"{adjective} {noun.lower()} made of {material}, for {place}. {extra}.",
        f"{cents // 100}.{cents % 100:02d}",
        "false" if bits >> 60 == 0 else "true",
    ]


def changed_row(recipe: Recipe, catalogue: int, number: int) -> list[str]:
    """Product `number` of the catalogue, with other values; at least with another name."""
    changed = row(catalogue, number, scramble(recipe.seed, number))
    changed[1] += f" v{2 + recipe.seed % 98}"
    return changed


def duplicate_row(recipe: Recipe, catalogue: int, number: int) -> list[str]:
    """Another row for a product that has a row already; a new product where there is none."""
    bits = scramble(catalogue, number)
    earlier = bits % number if number else -1
    while earlier >= 0 and share_of(catalogue, earlier) < recipe.bad + recipe.duplicates:
        earlier -= 1
    if earlier < 0:
        return row(catalogue, number, bits)
    sku, *values = row(catalogue, earlier, bits)
    return [sku.lower(), *values]


def bad_row(catalogue: int, number: int) -> list[str]:
    """A row with a fault of the kind that is seen in real files."""
    bits = scramble(catalogue, number)
    sku, name, description, price, is_active = row(catalogue, number, bits)
    faulty = (
        [sku, name, description, "call us", is_active],
        [sku, name, description, f"-{price}", is_active],
        [sku, name, description, f"{price}5", is_active],
        [sku, name, description, f"99999999999{price}", is_active],
        ["", name, description, price, is_active],
        [f"{sku}-{sku * 10}", name, description, price, is_active],
        [sku, "", description, price, is_active],
        [sku, f"{name} {name * 20}", description, price, is_active],
        [sku, name, description, price, "maybe"],
        [sku, name, description],
        [sku, name, *description.split(", "), price, is_active],
    )
    return faulty[(bits >> 44) % len(faulty)]
