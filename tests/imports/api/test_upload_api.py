"""Uploads over the API: a form or a raw body in, a job out; or a sentence, and no file left behind."""

import gzip
import hashlib
import io
import json
import re
import socket
import struct
import sys
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from django.conf import settings
from django.test import Client
from django_q.models import OrmQ
from rest_framework.test import APIClient

from imports import tasks
from imports.files.storage import open_stored
from imports.models import ImportJob
from products.models import Product
from tests.cluster import product_environment, wait_until
from tests.products.factories import client_of, client_with, make_user
from tests.tokens import make_key

pytestmark = pytest.mark.django_db

CSV = "sku,name,price\nA-1,Lamp,9.90\n"


def stored_files() -> list[Path]:
    return [path for path in settings.UPLOAD_FOLDER.rglob("*") if path.is_file()]


def a_file(content=CSV, name="products.csv"):
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = name
    return file


def send_raw(client, content=CSV, *, content_type="text/csv", query="", **extra):
    return client.generic("POST", f"/api/uploads/{query}", content, content_type=content_type, **extra)


def stored_text(job):
    with open_stored(job.stored_as) as stream:
        return stream.read().decode()


def test_a_form_with_a_file_becomes_a_job_that_waits_for_the_workers(api):
    answer = api.post("/api/uploads/", {"file": a_file()})

    assert answer.status_code == 202
    job = ImportJob.objects.get()
    shown = answer.json()
    assert answer.headers["Location"] == shown["url"] == f"http://testserver/api/jobs/{job.pk}"
    assert (shown["id"], shown["status"], shown["filename"]) == (job.pk, "queued", "products.csv")
    assert (shown["file_size"], shown["sha256"]) == (len(CSV), hashlib.sha256(CSV.encode()).hexdigest())
    assert (shown["progress"], shown["created_by"], shown["dry_run"]) == (0, "admin", False)
    assert api.get(answer.headers["Location"]).json() == shown
    assert stored_text(job) == CSV
    assert OrmQ.objects.count() == 1


def test_the_body_may_be_the_file_itself(api):
    answer = send_raw(api, query="?filename=products.csv")

    assert answer.status_code == 202
    job = ImportJob.objects.get()
    assert (job.filename, job.file_size, job.sha256) == (
        "products.csv",
        len(CSV),
        hashlib.sha256(CSV.encode()).hexdigest(),
    )
    assert stored_text(job) == CSV


def test_what_is_uploaded_goes_in(api):
    send_raw(api)

    job = ImportJob.objects.get()
    tasks.open_job(job.pk)
    tasks.advance_lane(job.lanes.get().pk)

    assert Product.objects.get().sku == "A-1"
    assert api.get(f"/api/jobs/{job.pk}").json()["status"] == "completed"


@pytest.mark.parametrize("content_type", ["application/gzip", "application/octet-stream"])
def test_the_body_may_be_compressed(api, content_type):
    answer = send_raw(api, gzip.compress(CSV.encode()), content_type=content_type, query="?filename=products.csv.gz")

    assert answer.status_code == 202
    job = ImportJob.objects.get()
    tasks.open_job(job.pk)
    tasks.advance_lane(job.lanes.get().pk)
    assert Product.objects.get().sku == "A-1"


@pytest.mark.parametrize("path", ["/api/uploads", "/api/uploads/"])
def test_uploads_are_taken_with_and_without_the_trailing_slash(api, path):
    assert api.post(path, {"file": a_file()}).status_code == 202


def test_options_are_fields_of_the_form(api):
    options = {"mapping": '{"name": "Title"}', "delimiter": "semicolon", "encoding": "cp1252", "dry_run": "true"}

    assert api.post("/api/uploads/", {"file": a_file(), **options}).status_code == 202

    job = ImportJob.objects.get()
    assert (job.options.mapping, job.options.delimiter, job.options.encoding) == ({"name": "Title"}, ";", "cp1252")
    assert job.dry_run


SAID = {
    "quote": "'",
    "escape": "\\",
    "header_line": "3",
    "numbers": '{"decimal": ",", "thousands": "."}',
    "words": '{"ja": true}',
    "empty_cells": '{"description": "keep"}',
    "mode": "update_only",
    "new_products": "inactive",
    "extra": "true",
}


@pytest.mark.parametrize("form", [True, False])
def test_everything_that_can_be_said_of_a_file_can_be_sent_with_it(api, form):
    query = "&".join(f"{name}={quote(value)}" for name, value in SAID.items())
    answer = api.post("/api/uploads/", {"file": a_file(), **SAID}) if form else send_raw(api, query=f"?{query}")

    assert answer.status_code == 202
    assert answer.json()["options"] == {
        "quote": "'",
        "escape": "\\",
        "header_line": 3,
        "numbers": {"decimal": ",", "thousands": "."},
        "words": {"ja": True},
        "empty_cells": {"description": "keep"},
        "mode": "update_only",
        "new_products": "inactive",
        "extra": True,
    }


def test_what_is_left_empty_is_as_usual(api):
    answer = api.post("/api/uploads/", {"file": a_file(), **dict.fromkeys(SAID, ""), "extra": "false"})

    assert answer.status_code == 202
    assert answer.json()["options"] == {}


@pytest.mark.parametrize("form", [True, False])
def test_options_are_query_parameters(api, form):
    query = f"?mapping={quote(json.dumps({'name': 'Title'}))}&delimiter=%3B&encoding=cp1252&dry_run=1"

    answer = api.post(f"/api/uploads/{query}", {"file": a_file()}) if form else send_raw(api, query=query)

    assert answer.status_code == 202
    job = ImportJob.objects.get()
    assert (job.options.mapping, job.options.delimiter, job.options.encoding) == ({"name": "Title"}, ";", "cp1252")
    assert job.dry_run


def test_options_that_are_left_empty_are_found_out(api):
    answer = api.post("/api/uploads/", {"file": a_file(), "mapping": "", "delimiter": "", "encoding": ""})

    assert answer.status_code == 202
    job = ImportJob.objects.get()
    assert (job.options.mapping, job.options.delimiter, job.options.encoding, job.dry_run) == ({}, "", "", False)


@pytest.mark.parametrize(
    ("written", "delimiter"),
    [
        (",", ","),
        (";", ";"),
        ("|", "|"),
        ("\t", "\t"),
        (r"\t", "\t"),
        ("comma", ","),
        ("Semicolon", ";"),
        ("tab", "\t"),
        ("pipe", "|"),
        ("space", " "),
    ],
)
def test_a_delimiter_is_given_as_itself_or_by_its_name(api, written, delimiter):
    answer = send_raw(api, query=f"?delimiter={quote(written)}")

    assert answer.status_code == 202
    assert ImportJob.objects.get().options.delimiter == delimiter


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("mapping", "{"),
        ("mapping", "[]"),
        ("mapping", "null"),
        ("mapping", '"name"'),
        ("mapping", '{"colour": "Color"}'),
        ("mapping", '{"name": 5}'),
        ("mapping", '{"name": ["a"]}'),
        ("mapping", r'{"name": "a\u0000"}'),
        ("mapping", r'{"name": "\ud800"}'),
        ("mapping", r'{"\ud800": "name"}'),
        pytest.param("mapping", "[" * 100_000, id="mapping-too-deep"),
        ("delimiter", "x"),
        ("delimiter", ",;"),
        ("delimiter", "  "),
        ("encoding", "klingon"),
        ("encoding", "base64"),
        ("encoding", "undefined"),
        ("encoding", "idna"),
        ("encoding", "ü"),
        ("encoding", "utf\0"),
        ("encoding", "utf" + "-" * 50 + "8"),
        ("quote", "`"),
        ("escape", "^"),
        ("header_line", "-1"),
        ("header_line", "1001"),
        ("header_line", "first"),
        ("numbers", '{"decimal": ";"}'),
        ("numbers", '{"decimal": ",", "thousands": ","}'),
        ("numbers", '{"currency": "pears"}'),
        ("numbers", "["),
        ("words", '{"ja": "yes"}'),
        ("words", r'{"\ud800": true}'),
        ("words", "[true]"),
        ("empty_cells", '{"sku": "keep"}'),
        ("empty_cells", '{"name": "burn"}'),
        ("mode", "replace"),
        ("new_products", "perhaps"),
        ("extra", "perhaps"),
        ("dry_run", "perhaps"),
        ("dry_run", ""),
        ("dryrun", "true"),
    ],
)
@pytest.mark.parametrize("form", [True, False])
def test_an_option_that_is_not_understood_is_a_400_that_names_it(api, form, option, value):
    if form:
        answer = api.post("/api/uploads/", {"file": a_file(), option: value})
    else:
        answer = send_raw(api, query=f"?{option}={quote(value)}")

    assert answer.status_code == 400
    assert list(answer.json()) == [option]
    assert not ImportJob.objects.exists()
    assert stored_files() == []


def test_a_form_without_a_file_is_a_400_that_says_how_to_send_one(api):
    for form in ({}, {"dry_run": "true"}, {"file": "text"}, {"file": ""}):
        answer = api.post("/api/uploads/", form)
        assert answer.status_code == 400
        assert list(answer.json()) == ["file"]
    assert stored_files() == []


def test_a_file_in_another_field_is_a_400_that_says_which_fields_there_are(api):
    answer = api.post("/api/uploads/", {"csv": a_file()})

    assert answer.status_code == 400
    assert answer.json() == {
        "csv": [
            "There is no such field. The fields are: file, mapping, delimiter, quote, escape, encoding, sheet, "
            "header_line, numbers, words, empty_cells, mode, new_products, extra, check, dry_run, supplier."
        ]
    }
    assert stored_files() == []


def test_no_body_is_a_400_that_says_how_to_send_one(api):
    answer = send_raw(api, "")

    assert answer.status_code == 400
    assert answer.json() == {
        "file": [
            "There is no file. Send it as the field 'file' of a form (multipart/form-data), or as the body (text/csv)."
        ]
    }


def test_an_empty_file_is_refused(api):
    answer = api.post("/api/uploads/", {"file": a_file("")})

    assert answer.status_code == 400
    assert answer.json() == {"file": ["The file is empty."]}
    assert stored_files() == []


def test_two_files_are_refused_rather_than_one_of_them_imported(api):
    answer = api.post("/api/uploads/", {"file": [a_file(), a_file()]})

    assert answer.status_code == 400
    assert answer.json() == {"file": ["There are several files; send one at a time."]}
    assert stored_files() == []


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/html", "x"])
def test_another_content_type_is_a_415(api, content_type):
    assert send_raw(api, content_type=content_type).status_code == 415


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x; charset=klingon"],
)
def test_a_form_that_cannot_be_read_is_a_400(api, content_type):
    assert send_raw(api, content_type=content_type).status_code == 400


def test_a_form_with_a_thousand_fields_is_a_400(api):
    answer = api.post("/api/uploads/", {"file": a_file(), **{f"field{n}": "x" for n in range(1100)}})

    assert answer.status_code == 400
    assert stored_files() == []


@pytest.mark.parametrize("form", [True, False])
def test_a_file_beyond_the_limit_is_a_413_and_is_not_kept(api, settings, form):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    content = b"x" * (1024 * 1024 + 1)

    answer = api.post("/api/uploads/", {"file": a_file(content)}) if form else send_raw(api, content)

    assert answer.status_code == 413
    assert answer.json() == {
        "detail": "The file is larger than 1 MB, the limit (UPLOAD_MAX_MB). Send it compressed (.gz)."
    }
    assert stored_files() == []


class NeverRead(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_):
        raise AssertionError("The body was read.")


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data; boundary=x"])
def test_a_body_that_says_that_it_is_too_large_is_refused_unread(api, content_type):
    answer = api.generic(
        "POST",
        "/api/uploads/",
        content_type=content_type,
        CONTENT_LENGTH=settings.UPLOAD_MAX_BYTES + 2 * 1024 * 1024,
        **{"wsgi.input": NeverRead()},
    )

    assert answer.status_code == 413
    assert stored_files() == []


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data; boundary=x"])
def test_who_may_not_upload_is_refused_before_the_body_is_read(content_type):
    body = {"content_type": content_type, "CONTENT_LENGTH": 1000, "wsgi.input": NeverRead()}
    viewer = make_key(make_user("imports.view_importjob"))

    assert APIClient().generic("POST", "/api/uploads/", **body).status_code == 401
    answer = APIClient().generic("POST", "/api/uploads/", headers={"Authorization": f"Token {viewer}"}, **body)
    assert answer.status_code == 403


def test_the_permission_to_add_jobs_is_enough_to_upload():
    assert client_with("imports.add_importjob").post("/api/uploads/", {"file": a_file()}).status_code == 202


@pytest.mark.parametrize("form", [True, False])
def test_a_session_without_the_permission_leaves_no_file_behind(form):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    answer = client.post("/api/uploads/", {"file": a_file()}) if form else send_raw(client)

    assert answer.status_code == 403
    assert stored_files() == []


def test_a_body_of_unknown_length_is_a_411(api):
    answer = api.generic("POST", "/api/uploads/", content_type="text/csv", HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 411
    assert "Content-Length" in answer.json()["detail"]


FORM_BODY = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    + CSV.encode()
    + b'\r\n--x\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\ntrue\r\n--x--\r\n'
)


@pytest.mark.parametrize("missing", range(1, len(FORM_BODY), 7))
def test_a_form_that_is_cut_off_anywhere_is_refused(api, missing):
    answer = send_raw(
        api,
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=len(FORM_BODY),
        **{"wsgi.input": io.BytesIO(FORM_BODY[:-missing])},
    )

    assert answer.status_code == 400
    assert "interrupted" in answer.json()["detail"]
    assert not ImportJob.objects.exists()
    assert stored_files() == []


def test_a_whole_form_is_taken(api):
    assert send_raw(api, FORM_BODY, content_type="multipart/form-data; boundary=x").status_code == 202
    assert ImportJob.objects.get().dry_run


def test_a_body_that_is_cut_off_is_refused(api):
    answer = send_raw(api, CONTENT_LENGTH=len(CSV) + 1, **{"wsgi.input": io.BytesIO(CSV.encode())})

    assert answer.status_code == 400
    assert "interrupted" in answer.json()["detail"]
    assert not ImportJob.objects.exists()
    assert stored_files() == []


class BreaksOff(io.BytesIO):
    """A connection that breaks after some bytes."""

    def read(self, *args):
        block = super().read(*args)
        if not block:
            raise ConnectionResetError
        return block


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/csv", CSV.encode()), ("multipart/form-data; boundary=x", FORM_BODY[:100])]
)
def test_a_connection_that_breaks_is_no_server_error(api, content_type, body):
    answer = api.generic(
        "POST",
        "/api/uploads/",
        content_type=content_type,
        CONTENT_LENGTH=len(FORM_BODY),
        **{"wsgi.input": BreaksOff(body)},
    )

    assert answer.status_code == 400
    assert answer.json() == {"detail": "The upload was interrupted."}
    assert stored_files() == []


FILENAMES = [
    ("products.csv", "products.csv"),
    ("/etc/passwd", "passwd"),
    ("../../products.csv", "products.csv"),
    (r"C:\My Documents\products.csv", "products.csv"),
    ("Prüfung 商品 😀.csv", "Prüfung 商品 😀.csv"),
    ('our "best" products\'.csv', 'our "best" products\'.csv'),
    ("pro\0ducts.csv", "products.csv"),
]


@pytest.mark.parametrize(("sent", "kept"), [*FILENAMES, ("", "upload.csv"), ("..", "upload.csv"), ("a/", "upload.csv")])
def test_of_the_filename_of_a_body_the_last_part_is_kept(api, sent, kept):
    answer = send_raw(api, query=f"?filename={quote(sent)}")

    assert answer.status_code == 202
    assert answer.json()["filename"] == kept
    assert api.get(answer.headers["Location"]).json()["filename"] == kept


@pytest.mark.parametrize(("sent", "kept"), FILENAMES)
def test_of_the_filename_in_a_form_the_last_part_is_kept(api, sent, kept):
    name = sent.replace("\\", "\\\\").replace('"', '\\"')
    body = FORM_BODY.replace(b"a.csv", name.encode())

    answer = send_raw(api, body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 202
    assert answer.json()["filename"] == kept


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ('attachment; filename="products.csv"', "products.csv"),
        ("attachment; filename=products.csv", "products.csv"),
        (f"attachment; filename*=UTF-8''{quote('Prüfung.csv')}", "Prüfung.csv"),
        ("attachment", "upload.csv"),
        ("nonsense;;;=", "upload.csv"),
        ("attachment; filename*=klingon''products.csv", "upload.csv"),
        ("attachment; filename*=undefined''products.csv", "upload.csv"),
    ],
)
def test_the_filename_of_a_body_may_be_in_its_header(api, header, kept):
    answer = send_raw(api, headers={"Content-Disposition": header})

    assert answer.status_code == 202
    assert answer.json()["filename"] == kept


@pytest.mark.parametrize("form", [True, False])
def test_of_a_very_long_filename_the_end_is_kept(api, form):
    name = "x" * 300 + ".csv"

    if form:
        answer = api.post("/api/uploads/", {"file": a_file(name=name)})
    else:
        answer = send_raw(api, query=f"?filename={name}")

    assert answer.status_code == 202
    shown = answer.json()["filename"]
    assert len(shown) == 255
    assert shown.endswith("x.csv")


def test_the_page_for_people_has_a_form_to_upload_with():
    client = client_of(make_user(is_superuser=True))

    page = client.get("/api/uploads/", headers={"Accept": "text/html"}).content.decode()

    assert 'enctype="multipart/form-data"' in page
    assert 'type="file"' in page
    for option in ("file", "mapping", "delimiter", "encoding", "dry_run"):
        assert f'name="{option}"' in page


def test_a_form_is_sent_from_a_session_with_its_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("imports.add_importjob"))
    token = str(client.get("/api-auth/login/").context["csrf_token"])

    assert client.post("/api/uploads/", {"file": a_file()}).status_code == 403
    assert client.post("/api/uploads/", {"file": a_file(), "csrfmiddlewaretoken": token}).status_code == 202
    assert len(stored_files()) == 1


@pytest.mark.parametrize(("content", "status"), [(CSV, 202), ("", 400)])
def test_the_form_for_people_shows_what_became_of_the_upload(content, status):
    client = client_of(make_user(is_superuser=True))

    answer = client.post("/api/uploads/", {"file": a_file(content)}, headers={"Accept": "text/html"})

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'type="file"' in answer.content.decode()


@pytest.fixture
def server(transactional_db):
    """A real web server on the test database: its address as host and port, and its worker's process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    gunicorn = psutil.Popen(
        [sys.executable, "-m", "gunicorn", "acme_importer.wsgi", "--bind", f"127.0.0.1:{address[1]}"],
        cwd=settings.BASE_DIR,
        env=product_environment(WEB_CONCURRENCY="1"),
    )
    # The socket listens before the worker is there.
    wait_until(lambda: is_listening(address) and gunicorn.children())
    yield address, gunicorn.children()[0]
    gunicorn.terminate()
    gunicorn.wait(30)


def is_listening(address):
    with socket.socket() as client:
        return client.connect_ex(address) == 0


def request_head(content_type, length):
    token = make_key(make_user("imports.add_importjob"))
    return (
        f"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {token}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def status_of(client):
    return int(client.recv(4096).split()[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content_type", "body"), [("text/csv", CSV.encode() * 50_000), ("multipart/form-data; boundary=x", FORM_BODY)]
)
def test_a_sender_who_goes_away_leaves_neither_a_job_nor_a_file(server, content_type, body):
    address, _ = server
    head = request_head(content_type, len(body))

    for missing in (1, 5, 60, len(body)):
        with socket.create_connection(address, timeout=30) as client:
            client.sendall(head + body[:-missing])
            client.shutdown(socket.SHUT_WR)
            assert status_of(client) == 400
        with socket.create_connection(address, timeout=30) as client:
            client.sendall(head + body[:-missing])
            # Close with a reset, as a crash does.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(head + body)
        assert status_of(client) == 202

    wait_until(lambda: len(stored_files()) == 1)
    assert ImportJob.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data; boundary=x"])
def test_the_web_process_does_not_hold_what_is_uploaded(server, content_type):
    address, worker = server
    block, number = b"some,text\n" * 100_000, 300
    before, after = FORM_BODY.split(CSV.encode()) if "form" in content_type else (b"", b"")
    length = len(before) + number * len(block) + len(after)

    with socket.create_connection(address, timeout=60) as client:
        client.sendall(request_head(content_type, length) + before)
        for _ in range(number):
            client.sendall(block)
        client.sendall(after)
        assert status_of(client) == 202

    assert ImportJob.objects.get().file_size == number * len(block)
    if sys.platform == "linux":
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text())
        assert int(peak) < 150 * 1024
