"""What became of rows, packed and unpacked."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from imports.reading.rows import CleanRow
from imports.writing.fates import DUPLICATE, OUTCOMES, UNCHANGED, Fate, pack, unpack

SKUS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
LINES = st.integers(1, 2**40)
CODES = st.sampled_from([code for code in (*OUTCOMES, "totals", "exists_already") if code != DUPLICATE])
FATES = st.one_of(
    st.builds(Fate, LINES, SKUS, st.just(DUPLICATE), st.integers(0, 2**40), st.integers(0, 2**62)),
    st.builds(Fate, LINES, SKUS, CODES, st.just(0), st.just(0)),
)
UNCHANGED_ROWS = st.builds(lambda line, sku: CleanRow(line, sku, (sku, "name"), []), LINES, SKUS)


@given(st.lists(UNCHANGED_ROWS, max_size=20), st.lists(FATES, max_size=20))
def test_all_that_is_packed_comes_out_again(unchanged: list[CleanRow], others: list[Fate]) -> None:
    assume(unchanged or others)
    expected = [Fate(row.line, row.values[0], UNCHANGED) for row in unchanged] + others

    assert sorted(unpack(pack(unchanged, others))) == sorted(expected)
