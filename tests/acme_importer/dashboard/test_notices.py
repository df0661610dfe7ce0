"""The list of what needs attention: its order, one line for many of a kind, and what somebody has dismissed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from acme_importer.dashboard import front_page
from acme_importer.dashboard.notices import Kind, Notice, lines
from acme_importer.models import KEY_MAX_LENGTH, Dismissal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FAILED = Kind("{number} imports failed.", "/imports/", "View imports")


def notice(level: str, text: str, hours_ago: int = 0, kind: Kind | None = None) -> Notice:
    return Notice(level, text, f"key of {text}", NOW - timedelta(hours=hours_ago), kind=kind)


def texts(*notices: Notice) -> list[str]:
    return [line.text for line in lines(notices)]


def test_the_bad_comes_before_the_doubtful_and_the_new_before_the_old() -> None:
    assert texts(
        notice("warn", "new warning"),
        notice("bad", "old fault", 9),
        notice("warn", "old warning", 5),
        notice("bad", "fault", 1),
    ) == ["fault", "old fault", "new warning", "old warning"]


def test_many_of_a_kind_share_a_line_with_their_number_and_a_link_to_their_list() -> None:
    two = [notice("bad", f"import {n}", n, FAILED) for n in (1, 2)]
    assert texts(*two) == ["import 1", "import 2"]

    (line,) = lines([*two, notice("bad", "import 3", 3, FAILED)])
    assert (line.text, line.url, line.todo) == ("3 imports failed.", "/imports/", "View imports")
    assert line.at == NOW - timedelta(hours=1)
    assert line.keys == ["key of import 1", "key of import 2", "key of import 3"]


def test_kinds_do_not_mix() -> None:
    other = Kind("{number} endpoints fail.", "/endpoints/", "View endpoints")
    found = [notice("bad", f"import {n}", n, FAILED) for n in range(3)] + [notice("warn", "endpoint", 0, other)]
    assert texts(*found) == ["3 imports failed.", "endpoint"]


@pytest.mark.django_db
def test_a_dismissal_is_one_persons_and_may_come_twice(admin_client: Client, admin_user: User) -> None:
    for _ in range(2):
        response = admin_client.post("/admin/dismiss/", {"key": ["a", "b"]})
        assert response.headers["Location"] == "/admin/"
    assert set(Dismissal.objects.values_list("user", "key")) == {(admin_user.pk, "a"), (admin_user.pk, "b")}


@pytest.mark.django_db
def test_keys_that_no_notice_can_have_are_not_stored(admin_client: Client) -> None:
    admin_client.post("/admin/dismiss/", {"key": "x" * (KEY_MAX_LENGTH + 1)})
    assert not Dismissal.objects.exists()


@pytest.mark.django_db
def test_only_staff_may_dismiss_and_only_by_a_form_of_this_site(client: Client) -> None:
    client.force_login(User.objects.create_user("visitor"))
    assert client.post("/admin/dismiss/", {"key": "a"}).headers["Location"].startswith("/admin/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("anna"))
    assert strict.post("/admin/dismiss/", {"key": "a"}).status_code == 403
    assert strict.get("/admin/dismiss/").status_code == 405
    assert not Dismissal.objects.exists()


@pytest.mark.django_db
def test_a_dismissed_notice_is_shown_again_when_it_happens_again(settings, admin_user: User) -> None:
    settings.FRONT_PAGE_NOTICES = [f"{__name__}.failures"]
    assert [line.text for line in front_page.notices(admin_user)] == ["It failed at 8."]
    front_page.dismiss(admin_user, ["failure:8"])
    assert front_page.notices(admin_user) == []
    hours.append(9)
    assert [line.text for line in front_page.notices(admin_user)] == ["It failed at 9."]


hours = [8]


def failures(user: User) -> list[Notice]:
    """A source of notices, as the settings name it."""
    return [Notice("bad", f"It failed at {hour}.", f"failure:{hour}", NOW) for hour in hours]
