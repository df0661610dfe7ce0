"""One format for dates and times, also where Django's own pages show them."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import formats


def test_dates_and_times_are_written_in_one_way_and_say_that_they_are_utc() -> None:
    moment = datetime(2025, 6, 1, 9, 5, tzinfo=UTC)
    assert formats.localize(moment) == "1 Jun 2025, 09:05 UTC"
    assert formats.date_format(moment, "SHORT_DATETIME_FORMAT") == "1 Jun 2025, 09:05 UTC"
    assert formats.localize(date(2025, 6, 1)) == "1 Jun 2025"


@pytest.mark.django_db
def test_so_do_pages_of_django(admin_client: Client) -> None:
    User.objects.update(date_joined=datetime(2025, 6, 1, 21, 5, tzinfo=UTC))
    LogEntry.objects.create(
        user=User.objects.get(), action_flag=CHANGE, content_type=None, object_id=str(User.objects.get().pk)
    )
    LogEntry.objects.update(
        action_time=datetime(2025, 6, 1, 21, 5, tzinfo=UTC), content_type=ContentType.objects.get_for_model(User)
    )
    page = admin_client.get(f"/admin/auth/user/{User.objects.get().pk}/history/").content.decode()
    assert "1 Jun 2025, 21:05 UTC" in page
