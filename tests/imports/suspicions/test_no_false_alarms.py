"""Sound files give no warning: SKUs of one natural style, the samples of the known formats, generated files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.commandline.generator import Recipe, write_products
from imports.reading.suspicions.damaged_skus import DamageFound, damage_of_sample
from imports.reading.suspicions.error_values import error_values
from imports.reading.suspicions.lookalikes import lookalikes
from imports.reading.suspicions.sample import Sample
from imports.reading.suspicions.shifted import shifted
from imports.reading.suspicions.whole_numbers import with_zero, with_zero_warnings
from tests.imports.reading.formats.reading import SAMPLES
from tests.imports.suspicions.told import imported, table, told

# How shops number their products: each style is a pattern for all SKUs of a file.
STYLES = [
    r"[0-9]E[0-9]",
    r"[0-9]{1,2}[A-F][0-9]{1,3}",
    r"[0-9]E[0-9]{2}",
    r"[A-Z]{3}-[0-9]{2}",
    r"[A-Z]{2,4}[0-9]{1,6}",
    r"[0-9]{8}|[0-9]{13}",
    r"0[0-9]{5}",
    r"[0-9]{1,6}",
    r"[0-9]{2}-[0-9]{3}",
    r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}",
    r"[0-9]{3}\.[0-9]{3}\.[0-9]{2}",
    r"[a-z]{3,8}-[a-z]{3,8}",
    r"[0-9a-f]{8}",
    r"[A-Z0-9]{10}",
    r"[А-Я]{2}-[0-9]{3}",
    r"[ÄÖÜ][A-Z]{2} [0-9]{3}",
]


def sentences(sample: Sample) -> list[str]:
    damage: DamageFound = damage_of_sample(sample)
    found = [*damage.warnings(damage.falling_together(2), ""), *error_values(sample), *lookalikes(sample)]
    return [*found, *shifted(sample, {}), *with_zero_warnings(sample, with_zero(sample), ())]


@pytest.mark.parametrize("style", STYLES)
@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_skus_of_one_style_are_as_they_should(style: str, data: st.DataObject) -> None:
    skus = data.draw(st.lists(st.from_regex(style, fullmatch=True), min_size=1, max_size=40))
    rows = [[sku, f"Product {number}", "9.90"] for number, sku in enumerate(skus)]

    sample = Sample(range(2, len(rows) + 2), rows, {"sku": 0, "name": 1, "price": 2})

    assert sentences(sample) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".tsv")))
def test_a_sample_of_a_known_format_has_only_its_own_warnings(name: str) -> None:
    path: Path = SAMPLES / name
    expected = json.loads((SAMPLES / f"{name.partition('.')[0]}.expected.json").read_text(encoding="utf-8"))

    assert told(path.read_bytes()) == expected["warnings"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "recipe", [Recipe(rows=3_000), Recipe(rows=3_000, seed=7, duplicates=0.2), Recipe(rows=3_000, bad=0.1)]
)
def test_a_generated_file_has_none(recipe: Recipe) -> None:
    stream = io.StringIO(newline="")
    write_products(recipe, stream)

    assert told(stream.getvalue()) == []


@pytest.mark.django_db
@hypothesis_settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(
            st.sampled_from(["A-1", "1.0", "007", "\0", "\udcff", "\u200bx\u200b", "'", "x" * 300, "", "9.9"]),
            min_size=3,
        ),
        max_size=12,
    )
)
def test_no_file_is_too_strange_to_be_judged(rows: list[list[str]]) -> None:
    good = [["A-1", "Lamp", "1.50"]] * 3
    text = table([*good, *rows])

    imported(text.encode("utf-8", "surrogateescape"), encoding="utf-8")
