"""The plan of a chunk: what becomes of each row, as if the rows were read one after the other."""

from imports.reading.rows import CleanRow
from imports.writing.plan import Outcome, in_one_order, make_plan


def row(line: int, sku: str, *values: object) -> CleanRow:
    return CleanRow(line, sku.casefold(), (sku, *values), [sku])


def test_rows_create_update_or_find_products() -> None:
    new, changed, same = row(2, "A", "new"), row(3, "B", "changed"), row(4, "C", "same")
    plan = make_plan([new, changed, same], {"b": ("B", "before"), "c": ("C", "same")}, set(), ("sku", "name"))
    assert plan.create == {"a": new}
    assert plan.update == {"b": changed}
    assert plan.outcome == Outcome(created=1, updated=1, unchanged=1)


def test_the_later_of_two_rows_wins() -> None:
    plan = make_plan([row(2, "A", "first"), last := row(3, "a", "last")], {}, set(), ("sku", "name"))
    assert plan.create == {"a": last}
    assert plan.outcome == Outcome(created=1, duplicate=1)


def test_a_row_for_what_the_import_has_written_before_is_a_duplicate() -> None:
    plan = make_plan([later := row(9, "A", "later")], {"a": ("A", "earlier")}, {"a"}, ("sku", "name"))
    assert plan.update == {"a": later}
    assert plan.outcome == Outcome(duplicate=1)


def test_a_file_without_names_creates_nothing() -> None:
    plan = make_plan([row(2, "A"), row(3, "B"), row(4, "b")], {}, set(), ("sku",))
    assert not plan.create
    assert [(rejection.line, rejection.faults[0].code) for rejection in plan.outcome.rejections] == [
        (2, "new_without_name"),
        (3, "new_without_name"),
        (4, "new_without_name"),
    ]


def test_rows_are_written_in_the_order_of_their_skus() -> None:
    rows = {sku: row(line, sku) for line, sku in enumerate(("c", "a", "b"))}
    assert [row.sku_normalized for row in in_one_order(rows.values())] == ["a", "b", "c"]
