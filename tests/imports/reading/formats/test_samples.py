"""Every sample: recognized by its header, as nothing else, and rewritten to what its system meant.

The samples were written for these tests, after the columns that each system documents.
"""

from __future__ import annotations

import json

import pytest

from imports.reading.formats.description import REASONS
from imports.reading.formats.recognize import FORMATS, recognize
from imports.reading.names import folded
from imports.reading.table import REPEATED_HEADER, SECOND_TABLE, SEPARATOR, TOTALS_ROW
from tests.imports.reading.formats.reading import SAMPLES, outcome, sample

NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".tsv"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_comes_out_as_its_system_meant_it(name: str) -> None:
    file = sample(name)
    rewriter = file.rewriter()
    text = b"".join(rewriter.blocks((line, list(fields), fault) for line, fields, fault in file.records)).decode()
    found = outcome(text, file.recognized)
    expected = json.loads((SAMPLES / f"{name.partition('.')[0]}.expected.json").read_text(encoding="utf-8"))
    assert file.recognized.format.name == expected["format"]
    assert found.products == expected["products"]
    assert [list(skip) for skip in found.skipped] == expected["skipped"]
    assert found.faulty == []
    assert rewriter.warnings == expected["warnings"]
    assert rewriter.skipped.total() == len(expected["skipped"])
    assert len(file.records) == len(expected["products"]) + len(expected["skipped"])


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_recognized_as_no_other_format(name: str) -> None:
    names = frozenset(map(folded, sample(name).header))
    assert len([known for known in FORMATS if any(header.count(names) for header in known.headers)]) == 1


def test_every_format_has_a_sample() -> None:
    assert {sample(name).recognized.format.name for name in NAMES} == {known.name for known in FORMATS}


@pytest.mark.parametrize("name", NAMES)
def test_the_header_may_be_written_in_any_letter_case_and_with_other_spaces(name: str) -> None:
    file = sample(name)
    for vary in (str.upper, str.lower, lambda text: f"  {text} ", lambda text: text.replace("_", " ")):
        again = recognize([vary(column) for column in file.header])
        assert again is not None
        assert again == file.recognized


def test_every_reason_is_a_sentence_and_every_rule_has_one() -> None:
    codes = {skip.code for known in FORMATS for skip in known.skips}
    assert codes | {REPEATED_HEADER, SEPARATOR, TOTALS_ROW, SECOND_TABLE} == set(REASONS)
    assert all(reason.endswith(".") and reason[0].isupper() for reason in REASONS.values())


def test_a_description_uses_the_fields_of_products_and_words_in_lower_case() -> None:
    for known in FORMATS:
        assert {"sku", "name", "price"} <= set(known.columns) <= {"sku", "name", "description", "price", "is_active"}
        assert all(word == word.strip().casefold() for word in (*known.active, *known.no_price))
        assert all(note.endswith(".") for note in known.notes)
