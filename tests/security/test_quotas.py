"""One user with many files: another's file comes next all the same, and what may wait is limited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import timedelta

import pytest
from django.conf import settings as product_settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from imports import drafts, jobs, quotas, tasks, turns
from imports.models import Draft, ImportJob, ImportLane
from imports.options import Options
from imports.pipeline import open_lane
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, open_without_messages, run_import, upload, with_progress
from tests.imports.short_import import work_off_the_queue

Status = ImportJob.Status
CSV = "sku,name\nA1,Chair\n"
UPLOADS = "/api/uploads/"
PAGE = "/admin/imports/importjob/upload/"
MANY = 30


@pytest.fixture
def anna(db: None) -> User:
    return importer("anna")


@pytest.fixture
def bert(db: None) -> User:
    return importer("bert")


def importer(name: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_importjob", "view_importjob"]))
    return user


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


def send(client: APIClient, content: str = CSV) -> tuple[int, str]:
    """The status of the response to an upload, and what it says."""
    response = client.post(f"{UPLOADS}?filename=a.csv", content.encode(), content_type="text/csv")
    return response.status_code, response.json().get("detail", "")


def rows(count: int, prefix: str = "S") -> str:
    return "sku,name\n" + "".join(f"{prefix}-{number},Product {number} of some length\n" for number in range(count))


def called(user: User | None) -> int:
    return ImportJob.objects.filter(created_by=user, status=Status.QUEUED, woken_at__isnull=False).count()


def waiting(user: User | None) -> int:
    return ImportJob.objects.filter(turns.WAITING, created_by=user).count()


class TestFairQueue:
    """With a real cluster, in the order in which the workers take the files."""

    @pytest.fixture
    def later_cluster(self, transactional_db: None) -> Iterator[WorkerCluster]:
        """A cluster that the test starts itself."""
        cluster = WorkerCluster()
        yield cluster
        cluster.stop()
        print(cluster.log())

    @pytest.mark.slow
    def test_the_file_of_another_is_next(self, later_cluster: WorkerCluster, anna: User, bert: User) -> None:
        many = [make_job(rows(200, f"A{number}"), user=anna, queue=True) for number in range(MANY)]
        one = make_job(CSV, user=bert, queue=True)
        later_cluster.start()

        wait_until(lambda: not ImportJob.objects.filter(status__in=quotas.UNFINISHED).exists(), 120)

        assert {with_progress(job).status for job in [*many, one]} == {Status.COMPLETED}
        started = ImportJob.objects.get(pk=one.pk).started_at
        before = ImportJob.objects.filter(created_by=anna, started_at__lt=started)
        assert before.count() <= product_settings.WORKERS
        assert Product.objects.count() == MANY * 200 + 1
        # Each user's own are in their order, as far as several workers can keep it.
        order = list(ImportJob.objects.filter(created_by=anna).order_by("started_at").values_list("pk", flat=True))
        assert all(abs(order.index(job.pk) - number) < product_settings.WORKERS for number, job in enumerate(many))

    @pytest.mark.slow
    def test_large_files_under_way_let_it_go_first(self, worker_cluster: WorkerCluster, anna: User, bert: User) -> None:
        large = [make_job(rows(120_000, f"A{number}"), user=anna, queue=True) for number in range(3)]
        wait_until(lambda: ImportLane.objects.filter(records__gt=0).exists(), 60)

        one = make_job(CSV, user=bert, queue=True)
        wait_until(lambda: ImportJob.objects.get(pk=one.pk).is_over, 30)

        assert with_progress(one).status == Status.COMPLETED
        over = [ImportJob.objects.get(pk=job.pk).is_over for job in large]
        assert not all(over), "The large files were through before anything could be seen."
        for job in large:
            with suppress(jobs.WrongStateError):
                jobs.cancel(job)


@pytest.mark.django_db(transaction=True)
class TestTurns:
    """Who is called when; each user has few messages on the queue, and none is forgotten."""

    def test_of_many_files_as_many_are_called_as_there_are_workers(self, anna: User, bert: User) -> None:
        for _ in range(MANY):
            make_job(CSV, user=anna, queue=True)
        make_job(CSV, user=bert, queue=True)
        make_job(CSV, queue=True)

        assert (called(anna), waiting(anna)) == (product_settings.WORKERS, MANY - product_settings.WORKERS)
        assert (called(bert), called(None)) == (1, 1)
        assert OrmQ.objects.count() == product_settings.WORKERS + 2

    @pytest.mark.parametrize("times", [1, 2])
    def test_each_end_calls_the_next_until_all_are_done(self, anna: User, times: int) -> None:
        for number in range(7):
            make_job(rows(3, f"A{number}"), user=anna, queue=True)

        work_off_the_queue(times)

        assert ImportJob.objects.filter(status=Status.COMPLETED).count() == 7
        assert Product.objects.count() == 21

    def test_what_fails_and_what_is_cancelled_calls_the_next_as_well(self, anna: User) -> None:
        bad = make_job("no header at all", user=anna, queue=True)
        cancelled = make_job(CSV, user=anna, queue=True)
        last = [make_job(CSV, user=anna, queue=True) for _ in range(2)]
        assert waiting(anna) == 2

        jobs.cancel(cancelled)
        assert waiting(anna) == 1
        tasks.open_job(bad.pk)
        assert waiting(anna) == 0
        assert called(anna) == len(last)

    def test_one_that_waits_can_be_cancelled(self, anna: User) -> None:
        several = [make_job(CSV, user=anna, queue=True) for _ in range(4)]
        jobs.cancel(several[2])

        work_off_the_queue()

        statuses = [with_progress(job).status for job in several]
        assert statuses == [Status.COMPLETED, Status.COMPLETED, Status.CANCELLED, Status.COMPLETED]

    def test_whoever_dies_before_calling_the_next_is_stood_in_for(self, anna: User) -> None:
        for _ in range(4):
            make_job(CSV, user=anna, queue=True)
        # Ended by a process that was killed right after its commit.
        ImportJob.objects.filter(created_by=anna, woken_at__isnull=False).update(status=Status.COMPLETED)
        OrmQ.objects.all().delete()

        tasks.call_waiting()

        assert (called(anna), waiting(anna)) == (2, 0)
        assert OrmQ.objects.count() == 2

    def test_files_that_wait_for_their_turn_have_not_stalled(self, anna: User) -> None:
        for _ in range(4):
            make_job(CSV, user=anna, queue=True)
        ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=5))
        assert not ImportJob.objects.filter(ImportJob.stalled(), turns.WAITING).exists()

    def test_retries_wait_in_turn_too_and_resume_where_they_stopped(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_CHUNK_ROWS = 5
        stopped = []
        for number in range(4):
            job = make_job(rows(20, f"A{number}"), user=anna)
            open_without_messages(job)
            with open_lane(ImportLane.objects.get(job=job)) as run:
                assert run.advance()
            jobs.cancel(job)
            stopped.append(job)
        OrmQ.objects.all().delete()
        for job in stopped:
            jobs.retry(job)

        statuses = [ImportJob.objects.get(pk=job.pk).status for job in stopped]
        assert statuses == [Status.RUNNING] * 2 + [Status.QUEUED] * 2
        work_off_the_queue()
        assert {with_progress(job).status for job in stopped} == {Status.COMPLETED}
        assert {with_progress(job).run_first_row for job in stopped} == {5}
        assert Product.objects.count() == 80

    def test_an_import_by_hand_waits_for_nobody_and_calls_the_workers_files(self, anna: User) -> None:
        for _ in range(4):
            make_job(CSV, queue=True)
        assert waiting(None) == 2
        OrmQ.objects.all().delete()
        ImportJob.objects.filter(woken_at__isnull=False).update(status=Status.COMPLETED)

        assert run_import(CSV).status == Status.COMPLETED

        assert waiting(None) == 0
        # Not only noted as called: the workers are told.
        assert OrmQ.objects.count() == 2

    def test_a_slice_ends_early_for_a_file_that_was_called(self, anna: User, bert: User, settings: Settings) -> None:
        settings.IMPORT_CHUNK_ROWS = 5
        settings.IMPORT_LANES = 1
        job = make_job(rows(100), user=anna)
        open_without_messages(job)
        lane = ImportLane.objects.get()
        make_job(CSV, user=bert, queue=True)

        tasks.advance_lane(lane.pk)

        lane.refresh_from_db()
        assert (lane.records, lane.finished) == (5, False)
        assert [message.task["func"] for message in OrmQ.objects.order_by("pk")] == [
            "imports.tasks.open_job",
            "imports.tasks.advance_lane",
        ]
        work_off_the_queue()
        assert with_progress(job).status == Status.COMPLETED

    @pytest.mark.parametrize("files", [5, 50])
    def test_calling_takes_the_same_few_queries_for_any_number_of_files(self, anna: User, files: int) -> None:
        for _ in range(files):
            make_job(CSV, user=anna, queue=True)
        with CaptureQueriesContext(connection) as none_called:
            turns.call_next(anna.pk)
        ImportJob.objects.filter(pk__in=ImportJob.objects.order_by("pk")[:1].values("pk")).update(status=Status.FAILED)
        with CaptureQueriesContext(connection) as one_called:
            turns.call_next(anna.pk)
        selects = [query for query in one_called if query["sql"].startswith("SELECT")]
        assert waiting(anna) == files - product_settings.WORKERS - 1
        assert len([query for query in none_called if query["sql"].startswith("SELECT")]) == 2
        assert len(selects) == 3


class TestLimits:
    def test_so_many_files_may_wait_and_the_response_says_so(self, anna: User, bert: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 3
        client = api_of(anna)
        drafts.create(upload(CSV), anna)
        assert [send(client)[0] for _ in range(2)] == [202, 202]

        status, detail = send(client)

        assert status == 429
        assert "You have 3 files" in detail
        assert "IMPORT_MAX_WAITING_FILES" in detail
        assert "cancel imports that you do not need" in detail
        assert send(api_of(bert))[0] == 202
        assert ImportJob.objects.count() == 3

    def test_the_response_says_when_to_try_again(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        client = api_of(anna)
        send(client)
        response = client.post(UPLOADS, CSV.encode(), content_type="text/csv")
        assert (response.status_code, response["Retry-After"]) == (429, "60")

    def test_what_is_over_does_not_count(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        run_import(CSV, user=anna)
        assert send(api_of(anna))[0] == 202

    def test_so_many_bytes_may_wait(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_BYTES = 3 * 1024**2
        client = api_of(anna)
        megabyte = rows(40_000)[: 1024**2]
        assert [send(client, megabyte)[0] for _ in range(3)] == [202] * 3

        status, detail = send(client, megabyte)

        assert status == 429
        assert "You have 3.0 MB of files" in detail
        assert "this file has 1.0 MB" in detail
        assert "IMPORT_MAX_WAITING_MB" in detail

    def test_it_is_refused_before_its_body_is_read(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        client = api_of(anna)
        send(client)

        class Unread:
            def read(self, *_: object) -> bytes:
                raise AssertionError("The body was read.")

            readline = read

        response = client.post(UPLOADS, b"x", content_type="text/csv", **{"wsgi.input": Unread()})
        assert response.status_code == 429
        page = Client()
        page.force_login(anna)
        content_type = "multipart/form-data; boundary=x"
        response = page.post(PAGE, b"x", content_type=content_type, **{"wsgi.input": Unread()})
        assert response.status_code == 429

    def test_the_page_says_so_in_a_sentence(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        drafts.create(upload(CSV), anna)
        client = Client()
        client.force_login(anna)

        for accept, kind in (("application/json", "application/json"), ("text/html", "text/html; charset=utf-8")):
            response = client.post(PAGE, {"file": upload(CSV)}, headers={"Accept": accept})
            assert (response.status_code, response["Content-Type"]) == (429, kind)
            assert "You have 1 file" in response.content.decode()
        assert Draft.objects.count() == 1

    def test_a_dry_run_is_not_imported_for_real_beyond_the_limit(
        self, anna: User, settings: Settings, client: Client
    ) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        dry_run = run_import(CSV, dry_run=True, user=anna)
        make_job(CSV, user=anna)
        client.force_login(anna)

        response = client.post(f"/admin/imports/importjob/{dry_run.pk}/import/", follow=True)

        assert "You have 1 file" in response.content.decode()
        assert ImportJob.objects.count() == 2

    def test_superusers_have_the_same_limit_and_the_command_has_none(
        self, admin_user: User, settings: Settings
    ) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 1
        make_job(CSV, user=admin_user)
        with pytest.raises(quotas.QuotaError):
            make_job(CSV, user=admin_user)
        for _ in range(3):
            make_job(CSV)

    @pytest.mark.django_db(transaction=True)
    def test_uploads_at_once_do_not_pass_it_together(self, anna: User, settings: Settings) -> None:
        settings.IMPORT_MAX_WAITING_FILES = 3
        together = threading.Barrier(8)
        outcomes: list[str] = []

        def create() -> None:
            file = upload(CSV)
            together.wait()
            try:
                jobs.create(file, Options(), anna)
                outcomes.append("kept")
            except quotas.QuotaError:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["kept"] * 3 + ["refused"] * 5
        assert ImportJob.objects.count() == 3
        stored = [path for path in product_settings.UPLOAD_FOLDER.rglob("*") if path.is_file()]
        assert len(stored) == 3

    @pytest.mark.parametrize("files", [1, 40])
    def test_the_check_is_two_queries_for_any_number_of_files(
        self,
        anna: User,
        files: int,
        django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
    ) -> None:
        for _ in range(files):
            make_job(CSV, user=anna)
        with django_assert_num_queries(2):
            quotas.check(anna.pk, 1)


class TestPage:
    def test_a_job_says_how_many_files_are_ahead(self, anna: User, client: Client) -> None:
        several = [make_job(CSV, user=anna, queue=True) for _ in range(5)]
        client.force_login(anna)

        def shown(job: ImportJob) -> str:
            return client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()

        assert "Waiting for its turn" not in shown(several[0])
        assert "2 earlier files of the same user are ahead" in shown(several[2])
        assert "4 earlier files of the same user are ahead" in shown(several[4])
        ImportJob.objects.filter(pk__in=[job.pk for job in several[:3]]).update(status=Status.COMPLETED)
        assert "1 earlier file of the same user is ahead" in shown(several[4])
