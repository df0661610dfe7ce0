"""The short form of the faults suite: some kinds, once each. `make soak` does all of them many times."""

import pytest
from django.db import connection

from tests.faults.kinds import KINDS
from tests.faults.running import run

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SHORT = [
    "busy worker killed",
    "idle worker killed",
    "whole group killed",
    "messages deleted",
    "connections terminated",
    "poison rows by trigger",
    "idle webhook worker killed during imports",
]
ROWS = 20_000


@pytest.mark.parametrize("name", SHORT)
def test_work_continues_in_time_and_comes_out_as_if_nothing_had_happened(name: str) -> None:
    if connection.vendor not in KINDS[name].databases:
        pytest.skip("It is a fault of another database.")
    assert run(name, seed=1, rows=ROWS).seconds < KINDS[name].goal
