"""Files of every make are opened and imported, or refused with a sentence; what was rewritten does not stay behind."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from imports import jobs, tasks
from imports.commandline import foreground
from imports.models import ImportJob
from imports.opening.whole import open_file
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import, with_progress

pytestmark = pytest.mark.django_db

Status = ImportJob.Status

TEXT = "sku,name\nA1,Müller\nA2,Größe\nA3,Straße\n"
PRODUCTS = {"A1": "Müller", "A2": "Größe", "A3": "Straße"}


def zipped(*files: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in files:
            opened.writestr(name, content)
    return archive.getvalue()


def stored_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def names_by_sku() -> dict[str, str]:
    return dict(Product.objects.values_list("sku", "name"))


def refusal_of(content: str | bytes, **options: Any) -> str:
    """The sentence with which a file is refused; nothing of it is left but the file itself."""
    job = run_import(content, **options)
    assert job.status == Status.FAILED
    assert default_storage.listdir("incoming")[1] == []
    assert not Product.objects.exists()
    assert job.content_stored_as == ""
    assert job.failure_reason.endswith(".")
    return job.failure_reason


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(TEXT.encode(), "utf-8", id="UTF-8"),
        pytest.param(TEXT.encode("utf-8-sig"), "utf-8", id="UTF-8 with mark"),
        pytest.param(TEXT.encode("utf-16"), "utf-16-le", id="UTF-16 little endian with mark"),
        pytest.param(("\ufeff" + TEXT).encode("utf-16-be"), "utf-16-be", id="UTF-16 big endian with mark"),
        pytest.param(TEXT.encode("utf-16-le"), "utf-16-le", id="UTF-16 little endian"),
        pytest.param(TEXT.encode("utf-16-be"), "utf-16-be", id="UTF-16 big endian"),
        pytest.param(TEXT.encode("utf-32"), "utf-32-le", id="UTF-32 with mark"),
        pytest.param(TEXT.encode("cp1252"), "cp1252", id="Windows-1252"),
        pytest.param(gzip.compress(TEXT.encode()), "utf-8", id="gzip"),
        pytest.param(gzip.compress(TEXT.encode("utf-8-sig")), "utf-8", id="gzip of UTF-8 with mark"),
        pytest.param(gzip.compress(TEXT.encode("utf-16")), "utf-16-le", id="gzip of UTF-16"),
        pytest.param(
            gzip.compress(TEXT[:20].encode()) + gzip.compress(TEXT[20:].encode()), "utf-8", id="gzip in parts"
        ),
        pytest.param(zipped(("products.csv", TEXT.encode())), "utf-8", id="zip"),
        pytest.param(zipped(("a/b/p.txt", TEXT.encode("cp1252"))), "cp1252", id="zip of Windows-1252, in a folder"),
        pytest.param(
            zipped(("d/", b""), ("d/p.csv", TEXT.encode()), ("__MACOSX/d/._p.csv", b"\0")), "utf-8", id="zip from a Mac"
        ),
    ],
)
def test_files_of_every_make_go_in(content: bytes, encoding: str, upload_folder: Path) -> None:
    job = run_import(content)
    assert job.status == Status.COMPLETED, job.failure_reason
    assert job.encoding == encoding or (encoding == "cp1252" and "ß".encode(job.encoding) == b"\xdf")
    assert names_by_sku() == PRODUCTS
    assert [row.line for row in job.rejected.all()] == []


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251", "cp1250", "shift_jis", "gb18030", "utf-32-be", "latin1"])
def test_an_encoding_that_is_asked_for_is_taken(encoding: str) -> None:
    name = (
        "Стол"
        if encoding == "cp1251"
        else "ž"
        if encoding == "cp1250"
        else "木"
        if encoding in ("shift_jis", "gb18030")
        else "ü"
    )
    job = run_import(f"sku,name\nA,{name}\n".encode(encoding), encoding=encoding)
    assert job.status == Status.COMPLETED, job.failure_reason
    assert names_by_sku() == {"A": name}


@pytest.mark.parametrize("asked", ["utf-8", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_beside_the_encoding_asked_for_is_no_text(asked: str) -> None:
    content = TEXT.encode("utf-8-sig" if asked == "utf-8" else "utf-16")
    assert run_import(content, encoding=asked).status == Status.COMPLETED
    assert names_by_sku() == PRODUCTS


def test_utf16_asked_for_of_a_file_without_mark_is_read_or_refused_with_a_sentence() -> None:
    reason = refusal_of(TEXT, encoding="utf-16")
    assert "byte order mark" in reason


def test_a_damaged_row_in_a_utf8_file_is_rejected_alone() -> None:
    content = "sku,name\nA,Müller\nB,Größe\nC,Straße\n".encode() + b"D,M\xfcller\n" + "E,Käse\n".encode()
    job = run_import(content)
    assert (job.created_rows, job.rejected_rows) == (4, 1)
    row = job.rejected.get()
    assert (row.line, row.code, row.record) == (5, "undecodable", ["D", "M\\xfcller"])


def test_a_damaged_row_in_a_utf16_file_is_rejected_alone() -> None:
    content = "\ufeffsku,name\nA,x\nB,".encode("utf-16-le") + b"\x00\xd8" + "\nC,z\n".encode("utf-16-le")
    job = run_import(content)
    assert (job.created_rows, job.rejected_rows) == (2, 1)
    assert [(row.line, row.code) for row in job.rejected.all()] == [(3, "undecodable")]


def test_lines_are_those_of_the_file_before_it_was_rewritten() -> None:
    content = '\n\nsku,name\r\nA,"x\r\ny"\r\n\r\nB,\r\nC,z\r\n'.encode("utf-16")
    job = run_import(content)
    assert [(row.line, row.code) for row in job.rejected.all()] == [(7, "new_without_name")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_found(delimiter: str) -> None:
    job = run_import(f"sku{delimiter}name{delimiter}price\nA{delimiter}Chair{delimiter}5\n")
    assert (job.delimiter, job.created_rows) == (delimiter, 1)


def test_a_delimiter_that_is_asked_for_is_taken() -> None:
    job = run_import("sku|a;name|b;price\nA;x;5\n", delimiter=";", mapping={"sku": "sku|a", "name": "name|b"})
    assert (job.delimiter, job.created_rows) == (";", 1)


def test_a_delimiter_that_is_asked_for_and_does_not_fit_is_refused() -> None:
    assert "no column 'sku'. Its header reads: 'sku;name'." in refusal_of("sku;name\nA;x\n", delimiter=",")


def test_what_was_decided_is_on_the_job() -> None:
    job = run_import('Titel;Artikel-Nr;"Farbe\nneu"\nStuhl;A;rot\n', mapping={"sku": "artikelnr", "name": "Titel"})
    assert job.status == Status.COMPLETED
    assert job.header == ["Titel", "Artikel-Nr", "Farbe\nneu"]
    assert job.columns == {"sku": 1, "name": 0}
    assert (job.delimiter, job.encoding, job.total_rows) == (";", "utf-8", 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\n\n\r\n  \n", "The file is empty", id="blank lines"),
        pytest.param(b"\xef\xbb\xbf", "The file is empty", id="a mark and nothing else"),
        pytest.param(b"\xff\xfe", "The file is empty", id="a UTF-16 mark and nothing else"),
        pytest.param(gzip.compress(b""), "The file is empty", id="gzip of nothing"),
        pytest.param(zipped(("p.csv", b"")), "The file is empty", id="zip of an empty file"),
        pytest.param(b"name,price\nChair,5\n", "no column 'sku'", id="no SKU column"),
        pytest.param(b"A1,Chair\nA2,Table\n", "Its header reads: 'A1', 'Chair'", id="no header"),
        pytest.param(b"sku,name,title\n", "both look like 'name'", id="two columns for one field"),
        pytest.param(b'"sku,name\nA,x\n', "The header cannot be read", id="a quote never closed in the header"),
        pytest.param(b"sku," * 300_000 + b"\nA\n", "The header cannot be read", id="a header of more than 1 MB"),
        pytest.param(b"\0" * 1000, "The file is empty", id="NULs"),
        pytest.param(
            zipped(("p.csv", TEXT.encode()), compression=zipfile.ZIP_LZMA), "unusual compression", id="zip with LZMA"
        ),
        pytest.param(
            b'{"sku": "A-1", "name": "Lamp"}\n{"sku": "A-2"}\n', "JSON file", id="a product in JSON on each line"
        ),
        pytest.param(b'[\n  {\n    "sku": "A-1"\n  }\n]\n', "JSON file", id="a list of products in JSON"),
        pytest.param(b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF document", id="a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture", id="a picture"),
        pytest.param(zipped(("a.csv", b"x"), ("b.csv", b"y")), "holds 2 files", id="zip of two files"),
        pytest.param(zipped(("d/", b"")), "holds 0 files", id="zip of no file"),
        pytest.param(zipped(), "holds 0 files", id="empty zip"),
        pytest.param(zipped(("xl/workbook.xml", b"x"), ("b.xml", b"y")), "workbook cannot be read", id="Excel"),
        pytest.param(gzip.compress(TEXT.encode() * 99)[:-20], "damaged", id="gzip cut off"),
        pytest.param(gzip.compress(TEXT.encode())[:-4] + b"xxxx", "damaged", id="gzip with a wrong length"),
        pytest.param(b"\x1f\x8bthis is no gzip", "damaged", id="gzip in name only"),
        pytest.param(zipped(("p.csv", TEXT.encode()))[:-30], "cannot be read", id="zip cut off"),
        pytest.param(b"PK\x03\x04 but no zip", "cannot be read", id="zip in name only"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_sentence(content: bytes, reason: str) -> None:
    assert reason in refusal_of(content)


def test_an_archive_with_a_password_is_refused() -> None:
    content = bytearray(zipped(("p.csv", TEXT.encode())))
    # The flag of encryption, in the file's own header and in the directory.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal_of(bytes(content))


def test_an_archive_whose_content_is_damaged_is_refused() -> None:
    content = zipped(("p.csv", TEXT.encode()), compression=zipfile.ZIP_STORED).replace(b"A2,", b"B2,")
    assert "damaged" in refusal_of(content)


def test_a_file_of_a_header_only_is_complete() -> None:
    for content in (b"sku,name\n", b"sku,name", b"\xef\xbb\xbfsku,name\r\n\r\n,\r\n"):
        job = run_import(content)
        assert (job.status, job.total_rows, job.processed_rows) == (Status.COMPLETED, 0, 0)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(("p.csv", content))], ids=["gzip", "zip"])
def test_a_bomb_is_stopped_long_before_its_end(pack: Any, settings: Settings, upload_folder: Path) -> None:
    bomb = pack(b"sku,name\n" + b"\n" * 60_000_000)
    settings.UPLOAD_MAX_BYTES = len(bomb)
    reason = refusal_of(bomb)
    assert "larger than" in reason
    assert "when unpacked" in reason


# Nothing is left behind


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode()),
        gzip.compress(TEXT.encode("utf-16")),
        zipped(("p.csv", TEXT.encode("utf-32"))),
    ],
    ids=["UTF-16", "gzip", "gzip of UTF-16", "zip of UTF-32"],
)
def test_a_rewriting_is_deleted_when_the_import_is_complete(
    content: bytes, upload_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = run_import(content)
    assert job.status == Status.COMPLETED
    assert stored_files(upload_folder) == [job.stored_as]


@pytest.mark.parametrize(
    "content",
    [
        "name,price\nx,5\n".encode("utf-16"),
        gzip.compress(b"name,price\nx,5\n"),
        gzip.compress("name,price\nx,5\n".encode("utf-16")),
        gzip.compress(TEXT.encode() * 99)[:-20],
    ],
    ids=["UTF-16", "gzip", "gzip of UTF-16", "damaged gzip"],
)
def test_a_rewriting_of_a_file_that_is_refused_is_deleted(content: bytes, upload_folder: Path) -> None:
    job = run_import(content)
    assert job.status == Status.FAILED
    assert stored_files(upload_folder) == [job.stored_as]


def test_a_rewriting_is_deleted_when_the_job_is_cancelled_in_the_meantime(
    upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_slowly(job: ImportJob, still_alive: Any) -> Any:
        opened = open_file(job, still_alive)
        jobs.cancel(job)
        return opened

    monkeypatch.setattr(tasks, "open_file", open_slowly)
    job = make_job(gzip.compress(TEXT.encode()))
    open_without_messages(job)
    assert with_progress(job).status == Status.CANCELLED
    assert stored_files(upload_folder) == [job.stored_as]


def test_a_rewriting_is_deleted_when_opening_fails_for_another_reason(
    upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("imports.opening.table._look_into", fail)
    job = make_job(gzip.compress(TEXT.encode("utf-16")))
    with pytest.raises(OSError, match="no space"):
        open_without_messages(job)
    assert stored_files(upload_folder) == [job.stored_as]
    job.refresh_from_db()
    assert (job.status, job.claimed_until) == (Status.QUEUED, None)
    assert "no space" in job.last_error


def test_a_cancelled_import_of_a_packed_file_can_be_retried(django_capture_on_commit_callbacks: Any) -> None:
    job = make_job(gzip.compress(TEXT.encode("utf-16")))
    open_without_messages(job)
    jobs.cancel(job)
    retry_without_messages(job)
    with django_capture_on_commit_callbacks(execute=True):
        foreground.run(job, lambda: None)
    assert with_progress(job).status == Status.COMPLETED
    assert names_by_sku() == PRODUCTS


def test_a_long_opening_keeps_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.reading.encodings.BLOCK_BYTES", 10)
    signs_of_life: list[bool] = []
    job = make_job(gzip.compress(TEXT.encode("utf-16")))
    open_file(job, lambda: signs_of_life.append(True))
    assert len(signs_of_life) > 10
