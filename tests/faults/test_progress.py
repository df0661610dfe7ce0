"""What counts as a pause of the work after a fault."""

import pytest

from tests.faults.progress import Progress


def seen(*looks: tuple[float, dict[int, int]], any_lane: bool = False) -> Progress:
    progress = Progress(any_lane=any_lane)
    for moment, lanes in looks:
        progress.note(moment, lanes)
    return progress


@pytest.mark.parametrize(("fault", "seconds"), [(10.0, 7.0), (12.0, 5.0), (18.0, 3.0)])
def test_a_pause_begins_with_the_fault_or_with_the_last_move_after_it_and_ends_with_a_move_or_the_lane(
    fault: float, seconds: float
) -> None:
    progress = seen((1, {7: 0}), (9, {7: 5}), (16, {7: 5}), (17, {7: 6}), (18, {7: 7}), (20, {7: 7}), (21, {}))
    assert progress.longest_pause(fault) == seconds


def test_the_lane_that_stood_still_for_longest_counts() -> None:
    looks: list[tuple[float, dict[int, int]]] = [(1, {1: 0, 2: 0}), (2, {1: 1, 2: 1}), (3, {1: 2, 2: 1})]
    looks += [(4, {1: 3, 2: 1}), (6, {1: 3, 2: 2}), (7, {})]
    assert seen(*looks).longest_pause(2) == 4
    assert seen(*looks, any_lane=True).longest_pause(2) == 2


def test_waiting_for_a_file_to_be_opened_is_a_pause() -> None:
    assert seen((15, {7: 0}), (16, {})).longest_pause(10) == 5


def test_a_fault_after_the_end_shows_nothing() -> None:
    with pytest.raises(AssertionError, match="over before the fault"):
        seen((1, {7: 0}), (9, {})).longest_pause(10)
