"""The imports in the dashboard: looked at, cancelled and retried by those who may."""

import pytest
from django.test import Client

from imports import jobs
from imports.commandline import foreground
from imports.models import ImportJob
from tests.imports.factories import make_job, open_without_messages, run_import, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/imports/importjob/"
CSV = "SKU,Title\nA,Lamp\nB,\n"


def client_with(*permissions):
    client = Client()
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def run_action(client, action, *jobs):
    answer = client.post(LIST, {"action": action, "_selected_action": [job.pk for job in jobs]}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def statuses(*jobs):
    return [ImportJob.objects.get(pk=job.pk).status for job in jobs]


def test_the_list_shows_what_became_of_each_file_the_newest_first():
    run_import(CSV, filename="one.csv")
    make_job(CSV, filename="two.csv")

    answer = client_with("imports.view_importjob").get(LIST)

    assert [job.filename for job in answer.context["cl"].result_list] == ["two.csv", "one.csv"]
    page = answer.content.decode()
    assert "Completed" in page
    assert "Queued" in page
    assert 'aria-label="1 created, 1 rejected"' in page


def test_the_list_takes_the_same_queries_however_many_jobs_it_has(django_assert_num_queries):
    client = client_with("imports.view_importjob")
    client.get(LIST)

    for number in (1, 20):
        for _ in range(number):
            run_import(CSV, user=make_user())
        # The session, the user, two for the permissions, the jobs on the page, their lanes, their count.
        with django_assert_num_queries(7):
            client.get(LIST)


@pytest.mark.parametrize("column", range(1, 7))
def test_the_list_is_ordered_by_any_column(column):
    run_import(CSV)

    assert client_with("imports.view_importjob").get(LIST, {"o": f"-{column}"}).status_code == 200


# Counted from 0, without the boxes to select jobs.
@pytest.mark.parametrize("column", [2, 3])
def test_the_list_is_ordered_by_what_the_lanes_have_counted(column):
    few, many, some = (
        make_job("sku,name,price\n" + "".join(f"R-{row},Rope,free of charge\n" for row in range(rows)))
        for rows in (1, 12, 5)
    )
    for job in (few, many, some):
        open_without_messages(job, lanes=2)
        foreground.run(job, lambda: None)
    assert with_progress(many).lane_count == 2

    shown = client_with("imports.view_importjob").get(LIST, {"o": f"-{column}"}).context["cl"].result_list

    assert [job.pk for job in shown] == [many.pk, some.pk, few.pk]


def test_a_job_is_shown_with_its_receipt_and_nothing_to_change():
    job = run_import(CSV)

    page = client_with("imports.view_importjob", "imports.change_importjob").get(f"{LIST}{job.pk}/change/")

    assert page.status_code == 200
    html = page.content.decode()
    assert job.sha256 in html
    assert 'name="_save"' not in html


def test_a_failed_job_says_why():
    job = run_import("colour\nred\n")

    page = client_with("imports.view_importjob").get(f"{LIST}{job.pk}/change/").content.decode()

    assert "The file has no column" in page


def test_jobs_are_neither_made_nor_deleted_here():
    job = run_import(CSV)
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))

    assert client.get(f"{LIST}add/").headers["Location"] == f"{LIST}upload/"
    assert client.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{job.pk}/change/", {"filename": "x"}).status_code == 403
    run_action(client, "delete_selected", job)
    assert ImportJob.objects.get().filename == "products.csv"


def test_jobs_are_cancelled_and_those_that_are_over_say_so():
    waiting, done = make_job(CSV), run_import(CSV)

    said = run_action(client_with("imports.view_importjob", "imports.change_importjob"), "cancel", waiting, done)

    assert said == [
        f"Import {done.pk} is completed and cannot be cancelled.",
        f"Import {waiting.pk} was cancelled.",
    ]
    assert statuses(waiting, done) == ["cancelled", "completed"]


def test_jobs_are_retried_and_those_that_cannot_be_say_so():
    cancelled, refused, done = make_job(CSV), run_import("colour\nred\n"), run_import(CSV)
    jobs.cancel(cancelled)

    client = client_with("imports.view_importjob", "imports.change_importjob")
    said = run_action(client, "retry", cancelled, refused, done)

    assert said == [
        f"Import {done.pk} is completed; only a failed or cancelled one can be retried.",
        f"Import {refused.pk} failed for what is in its file, and would again. Correct the file, and upload it.",
        f"Import {cancelled.pk} was retried.",
    ]
    assert statuses(cancelled, refused, done) == ["queued", "failed", "completed"]


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_who_may_only_look_can_neither_cancel_nor_retry(action):
    waiting, failed = make_job(CSV), run_import("colour\nred\n")
    client = client_with("imports.view_importjob")

    assert f'value="{action}"' not in client.get(LIST).content.decode()
    run_action(client, action, waiting, failed)

    assert statuses(waiting, failed) == ["queued", "failed"]


def test_names_of_files_cannot_turn_the_direction_of_a_page():
    job = run_import(CSV, filename="a\u202evsc.csv")
    client = client_with("imports.view_importjob")

    for url in (LIST, f"{LIST}{job.pk}/change/", f"{LIST}{job.pk}/history/"):
        page = client.get(url).content.decode()
        assert "\u202e" not in page
        assert "a\\u202evsc.csv" in page
