"""The generator of product files: the same everywhere, as large as wanted, with the faults that were asked for."""

import csv
import gzip
import hashlib
import io
import subprocess
import sys
import tracemalloc
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from imports.commandline.generator import HEADER, Recipe, product_rows, write_products
from tests.cluster import product_environment


def generate(recipe: Recipe) -> str:
    stream = io.StringIO(newline="")
    write_products(recipe, stream)
    return stream.getvalue()


def rows(**options: Any) -> list[list[str]]:
    return list(product_rows(Recipe(**options)))


def test_a_file_is_the_same_on_every_machine() -> None:
    text = generate(Recipe(rows=2000, seed=7, duplicates=0.1, bad=0.1))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "015e486e46d20d1a970630b7af28f5184ea3bbb39845434113c19153bad50060"


def test_another_seed_gives_other_products() -> None:
    assert not {row[0] for row in rows(rows=1000, seed=1)} & {row[0] for row in rows(rows=1000, seed=2)}


def test_a_file_is_what_it_says() -> None:
    header, *records = csv.reader(io.StringIO(generate(Recipe(rows=5000)), newline=""))
    assert tuple(header) == HEADER
    assert len(records) == 5000
    assert len({record[0].casefold() for record in records}) == 5000
    assert {len(record) for record in records} == {5}
    assert 0.03 < sum(record[4] == "false" for record in records) / 5000 < 0.1
    assert min(float(record[3]) for record in records) > 0


def test_half_a_million_rows_are_about_67_megabytes() -> None:
    assert 128 < len(generate(Recipe(rows=20_000)).encode()) / 20_000 < 140


def test_duplicates_repeat_an_earlier_sku_in_other_letters_with_other_values() -> None:
    seen: dict[str, list[str]] = {}
    duplicates = 0
    for row in rows(rows=5000, duplicates=0.2):
        sku = row[0].casefold()
        if sku in seen:
            duplicates += 1
            assert row[0] != seen[sku][0]
            assert row[1:] != seen[sku][1:]
        else:
            seen[sku] = row
    assert 900 < duplicates < 1100


def test_bad_rows_are_of_many_kinds_and_leave_the_others_as_they_are() -> None:
    good, mixed = rows(rows=5000), rows(rows=5000, bad=0.1)
    bad = [now for before, now in zip(good, mixed, strict=True) if before != now]
    assert 400 < len(bad) < 600
    assert any(row[0] == "" for row in bad)
    assert any(row[1] == "" for row in bad)
    assert any(len(row) < 5 for row in bad)
    assert any(len(row) > 5 for row in bad)
    assert any(len(row[0]) > 100 for row in bad)
    whole = [row for row in bad if len(row) == 5]
    assert any(row[3].startswith("-") for row in whole)
    assert any(row[4] == "maybe" for row in whole)
    assert all(len(row[1]) > 255 for row in bad if len(row[1]) > 100)


def test_a_later_file_changes_a_share_of_the_products_of_an_earlier_one() -> None:
    earlier = rows(rows=5000, seed=1, duplicates=0.1, bad=0.05)
    later = rows(rows=5000, seed=2, duplicates=0.1, bad=0.05, changed=0.25, of_seed=1)
    assert [row[0] for row in later] == [row[0] for row in earlier]
    changed = [now for before, now in zip(earlier, later, strict=True) if before != now]
    assert 0.18 < len(changed) / 5000 < 0.25
    assert 0.03 < sum(row[4] == "false" for row in changed) / len(changed) < 0.1


@pytest.mark.slow
def test_memory_does_not_depend_on_the_size() -> None:
    tracemalloc.start()
    for _ in islice(product_rows(Recipe(rows=10**12, duplicates=0.2, bad=0.1)), 20_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_command_writes_plain_and_compressed_files(tmp_path: Path) -> None:
    for name in ("plain.csv", "first.csv.gz", "second.csv.gz"):
        call_command("generate_products", rows=100, output=str(tmp_path / name))
    plain, first, second = (path.read_bytes() for path in (tmp_path / "plain.csv", *sorted(tmp_path.glob("*.gz"))))
    assert plain.decode() == generate(Recipe(rows=100))
    assert gzip.decompress(first) == plain
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--duplicates", "2"], "between 0 and 1"),
        (["--duplicates", "0.6", "--bad", "0.6"], "more than 1"),
        (["--changed", "0.1"], "--of-seed"),
        (["--output", "/nowhere/at/all.csv"], "No such file"),
    ],
)
def test_the_command_explains_what_is_wrong(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("generate_products", *arguments)


@pytest.mark.slow
def test_the_command_ends_quietly_when_its_reader_goes_away() -> None:
    command = [sys.executable, "manage.py", "generate_products", "--rows", "200000"]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=product_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == b"sku,name,description,price,is_active\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
