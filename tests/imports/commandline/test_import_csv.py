"""The command `import_csv`: what it prints, its exit codes, and what signals do to it."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from imports.commandline import console
from imports.commandline.generator import Recipe, write_products
from imports.models import LEASE, ImportJob, ImportLane
from products.models import Product
from tests.cluster import WorkerCluster, product_environment, wait_until

HEADER = "sku,name,price\n"
LARGE_ROWS = 30_000


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three rows, one of which is a duplicate and one has a fault."""
    path = tmp_path / "small.csv"
    path.write_text(HEADER + "A1,Chair,10\na1,Chair,11\nB1,Desk,much\n")
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that takes a few seconds in chunks of `SMALL_CHUNKS`."""
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_products(Recipe(rows=LARGE_ROWS, duplicates=0.1, bad=0.01), stream)
    return path


SMALL_CHUNKS = {"IMPORT_CHUNK_ROWS": "50"}


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run the command in this process; returns its exit code and its standard output."""
    stdout = io.StringIO()
    try:
        call_command("import_csv", *map(str, arguments), stdout=stdout)
    except SystemExit as end:
        return int(str(end.code)), stdout.getvalue()
    return 0, stdout.getvalue()


def start(*arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_csv", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env=product_environment(**variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str], stdin: str | None = None) -> tuple[int, str, str]:
    """Wait for the process; returns its exit code, standard output and standard error."""
    stdout, stderr = process.communicate(stdin, timeout=60)
    return process.returncode, stdout, stderr


def last_job() -> ImportJob:
    return ImportJob.objects.with_progress().latest("pk")


def is_under_way() -> bool:
    return ImportLane.objects.filter(finished=False, offset__gt=0, records__gt=500).exists()


def receipt_of(job: ImportJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in ("total_rows", "processed_rows", *ImportLane.COUNTS)}


@pytest.fixture
def expected(large: Path) -> dict[str, Any]:
    """The receipt of `large`, by a dry run that nothing disturbs."""
    run(large, "--dry-run")
    return receipt_of(last_job())


@pytest.mark.django_db
class TestReceipt:
    def test_it_says_what_became_of_the_rows(self, small: Path) -> None:
        code, text = run(small)
        assert code == 0
        counts = dict(
            re.findall(r"^ +(rows read|created|updated|unchanged|duplicates|rejected) +(\d+)$", text, re.MULTILINE)
        )
        assert {name: int(count) for name, count in counts.items()} == {
            "rows read": 3,
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "duplicates": 1,
            "rejected": 1,
        }
        assert f"Import {last_job().pk} completed with errors: small.csv" in text
        assert "line 4: price: 'much' is not a price such as 1234.50" in text

    def test_it_says_what_was_decided_about_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        path.write_bytes("Artikelnummer;Title;Preis;Lager\nA1;Stühle;1,50;3\n".encode("cp1252"))
        _, text = run(path, "--mapping", "sku=Artikelnummer", "--mapping", '{"price": "Preis"}', "--encoding", "cp1252")
        assert "cp1252, delimiter: semicolon" in text
        assert "sku from 'Artikelnummer', name from 'Title', price from 'Preis'; ignored: Lager" in text
        assert Product.objects.get(sku="A1").name == "Stühle"

    def test_everything_that_can_be_said_of_a_file_is_kept_with_the_import(self, small: Path) -> None:
        arguments = [
            *(
                "--decimal",
                ".",
                "--thousands",
                "",
                "--currency",
                "EUR",
                "--word",
                "ja=active",
                "--word",
                "nee = inactive",
            ),
            *("--empty", "description=keep", "--empty", "price=reject", "--mode", "create-only", "--extra"),
            *("--new-products", "inactive", "--quote", "'", "--escape", "\\", "--header-line", "1"),
        ]
        run(small, *arguments)
        assert last_job().asked == {
            "quote": "'",
            "escape": "\\",
            "header_line": 1,
            "numbers": {"decimal": ".", "thousands": "", "currency": "EUR"},
            "words": {"ja": True, "nee": False},
            "empty_cells": {"description": "keep", "price": "reject"},
            "mode": "create_only",
            "new_products": "inactive",
            "extra": True,
        }

    def test_it_says_what_is_not_as_usual(self, small: Path) -> None:
        _, text = run(small, "--empty", "description=keep", "--mode", "update-only", "--word", "auf=active")
        assert "only update existing products; an empty description keeps what is there" in text
        assert "words       auf → active" in text

    def test_an_open_question_comes_with_the_mapping_to_copy(self, tmp_path: Path, capsys: Any) -> None:
        path = tmp_path / "two-prices.csv"
        path.write_text("sku,name,Price,Price\nA,Lamp,1.50,2.50\n")
        code, text = run(path)
        errors = capsys.readouterr().err
        assert code == 1
        assert "both look like 'price'" in errors
        assert 'To answer it as proposed, add: --mapping price="#3"' in errors
        assert "columns     sku, name; ignored: Price, Price" in text

    def test_a_file_that_may_have_no_header_is_asked_about(self, tmp_path: Path, capsys: Any) -> None:
        path = tmp_path / "no-header.csv"
        path.write_text("".join(f"A-{number},Lamp {number},{number}.50\n" for number in range(1, 9)))
        code, text = run(path)
        errors = capsys.readouterr().err
        assert code == 1
        assert "columns     none; ignored: A-1, Lamp 1, 1.50" in text
        assert "The first line looks like a product" in errors
        assert "add: --no-header, or --header-line" in errors

    def test_only_some_of_many_rejected_rows_are_shown(self, tmp_path: Path, capsys: Any) -> None:
        path = tmp_path / "bad.csv"
        path.write_text(HEADER + ",Chair,1\n" * 12)
        _, text = run(path)
        assert text.count("sku: is empty") == 5
        assert "… and 7 more" in text
        told = capsys.readouterr().err
        assert f"/api/jobs/{last_job().pk}/rejected.csv" in told
        assert f"/api/jobs/{last_job().pk}/results.csv" in told

    def test_a_file_cannot_send_commands_to_the_terminal(self, tmp_path: Path) -> None:
        path = tmp_path / "evil.csv"
        path.write_text(HEADER + "A1,Chair,\x1b[2J\n")
        _, text = run(path)
        assert "\x1b" not in text
        assert r"'\x1b[2J' is not a price" in text

    def test_a_dry_run_says_so_and_writes_no_product(self, small: Path) -> None:
        code, text = run(small, "--dry-run")
        assert code == 0
        assert "a check: no product was written" in text
        assert not Product.objects.exists()

    def test_json_is_what_the_api_shows(self, small: Path, api: APIClient) -> None:
        code, text = run(small, "--json")
        shown = api.get(f"/api/jobs/{last_job().pk}").json()
        printed = json.loads(text)
        assert code == 0
        # The command does not know under which host name the API is reached.
        assert shown.pop("url").endswith(printed.pop("url"))
        assert printed == shown


@pytest.mark.django_db
class TestRejectedRows:
    def test_they_are_written_to_be_mended_and_imported(self, small: Path, tmp_path: Path) -> None:
        bad = tmp_path / "bad.csv"
        run(small, "--rejected", bad)
        assert bad.read_text().splitlines()[1].startswith("B1,Desk,much,4,price,much,")
        bad.write_text(bad.read_text().replace("B1,Desk,much", "B1,Desk,20"))
        code, _ = run(bad)
        assert code == 0
        assert last_job().created_rows == 1
        assert str(Product.objects.get(sku="B1").price) == "20.00"

    def test_an_earlier_file_of_them_is_overwritten(self, tmp_path: Path) -> None:
        good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
        good.write_text(HEADER + "A1,Chair,1\n")
        bad.write_text("what was wrong yesterday\n")
        run(good, "--rejected", bad)
        assert bad.read_text() == "sku,name,price,import_line,import_column,import_value,import_reason\n"

    def test_the_file_to_import_is_not_overwritten(self, small: Path) -> None:
        before = small.read_bytes()
        with pytest.raises(CommandError, match="names the file that is to be imported"):
            run(small, "--rejected", small)
        assert small.read_bytes() == before


@pytest.mark.django_db
class TestNothingToImport:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Give a file"),
            (["FILE", "--resume", "1"], "Give a file"),
            (["/no/such/file.csv"], "No such file"),
            (["/"], "Is a directory"),
            (["/dev/null"], "is empty"),
            (["FILE", "--delimiter", "x"], "delimiter"),
            (["FILE", "--delimiter", ",;"], "delimiter"),
            (["FILE", "--encoding", "klingon"], "encoding"),
            (["FILE", "--mapping", "name"], "not FIELD=COLUMN"),
            (["FILE", "--mapping", '{"name": '], "not valid JSON"),
            (["FILE", "--mapping", '{"name": 3}'], "must be a text"),
            (["FILE", "--mapping", "colour=Colour"], "not a product field"),
            (["FILE", "--quote", "`"], "quote: '`' is not allowed"),
            (["FILE", "--escape", "^"], "escape: "),
            (["FILE", "--header-line", "-1"], "header_line: "),
            (["FILE", "--decimal", ";"], "decimal must be"),
            (["FILE", "--decimal", ",", "--thousands", ","], "must not be the same"),
            (["FILE", "--currency", "pears"], "is not a currency"),
            (["FILE", "--word", "ja"], "not of the form NAME=VALUE, such as ja=active"),
            (["FILE", "--word", "ja=yes"], "'yes' is not a status"),
            (["FILE", "--empty", "description"], "such as description=keep"),
            (["FILE", "--empty", "sku=keep"], "not a field that can be empty"),
            (["FILE", "--mode", "replace"], "mode: 'replace' is not allowed"),
            (["FILE", "--new-products", "hidden"], "new_products: "),
            (["--resume", "1", "--no-header"], "takes no others"),
            (["FILE", "--rejected", "/no/such/folder/bad.csv"], "No such file"),
            (["--resume", "1", "--dry-run"], "takes no others"),
            (["--resume", "404"], "There is no import 404"),
        ],
    )
    def test_it_is_a_usage_error(self, small: Path, arguments: list[str], message: str) -> None:
        with pytest.raises(CommandError, match=message) as raised:
            run(*[str(small) if argument == "FILE" else argument for argument in arguments])
        assert raised.value.returncode == 2
        assert not ImportJob.objects.exists()

    def test_a_file_beyond_the_limit_is_one_too(self, small: Path, settings: Any) -> None:
        settings.UPLOAD_MAX_BYTES = 20
        with pytest.raises(CommandError, match="larger than") as raised:
            run(small)
        assert raised.value.returncode == 2

    def test_a_completed_import_cannot_be_resumed(self, small: Path) -> None:
        run(small)
        with pytest.raises(CommandError, match="is completed") as raised:
            run("--resume", str(last_job().pk))
        assert raised.value.returncode == 2


@pytest.mark.django_db
class TestFailure:
    def test_a_file_that_cannot_be_read_fails_with_the_reason(self, tmp_path: Path, capsys: Any) -> None:
        path = tmp_path / "no-sku.csv"
        path.write_text("name,price\nChair,1\n")
        code, text = run(path)
        errors = capsys.readouterr().err
        assert code == 1
        assert "failed: no-sku.csv" in text
        assert "The file has no column 'sku'" in errors
        # It would fail again.
        assert "--resume" not in errors

    def test_a_failed_import_goes_on_when_it_is_resumed(self, small: Path, settings: Any, capsys: Any) -> None:
        settings.IMPORT_CHUNK_ROWS = 1
        settings.IMPORT_MAX_REJECTED = 1
        small.write_text(HEADER + ",Chair,1\n,Desk,1\nA1,Lamp,1\n")
        code, _ = run(small)
        job = last_job()
        assert code == 1
        assert job.status == ImportJob.Status.FAILED
        assert f"import_csv --resume {job.pk}" in capsys.readouterr().err
        settings.IMPORT_MAX_REJECTED = 0
        code, _ = run("--resume", str(job.pk))
        assert code == 0
        assert receipt_of(last_job()) | {"total_rows": 3, "created_rows": 1, "rejected_rows": 2} == receipt_of(
            last_job()
        )


@pytest.mark.django_db
def test_where_there_is_no_terminal_progress_is_lines(
    small: Path, settings: Any, monkeypatch: Any, capsys: Any
) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    monkeypatch.setattr(console, "LINE_SECONDS", 0)
    run(small)
    errors = capsys.readouterr().err
    assert "Storing: 52 bytes of 52 bytes\n" in errors
    assert re.search(r"^Importing: \d+%, 2 rows, [\d,]+ rows/s", errors, re.MULTILINE)
    assert "\x1b" not in errors


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestProcess:
    def test_it_reads_standard_input_and_prints_json_alone(self) -> None:
        code, stdout, stderr = output(start("-", "--json"), HEADER + "A1,Chair,1\n")
        assert code == 0
        assert json.loads(stdout)["created_rows"] == 1
        assert "standard-input.csv" in stderr

    def test_its_exit_code_is_1_after_a_failure(self) -> None:
        code, stdout, stderr = output(start("-", "--json"), "name\nChair\n")
        assert code == 1
        assert json.loads(stdout)["status"] == "failed"
        assert "no column 'sku'" in stderr

    @pytest.mark.parametrize("arguments", [["/no/such/file.csv"], ["--no-such-option"]])
    def test_its_exit_code_is_2_without_anything_to_import(self, arguments: list[str]) -> None:
        code, stdout, _ = output(start(*arguments))
        assert (code, stdout) == (2, "")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_cancels_and_resume_goes_on(
        self, large: Path, expected: dict[str, Any], number: signal.Signals
    ) -> None:
        process = start(large, **SMALL_CHUNKS)
        wait_until(is_under_way)
        process.send_signal(number)
        code, stdout, stderr = output(process)
        job = last_job()
        assert code == 1
        assert job.status == ImportJob.Status.CANCELLED
        assert 0 < job.processed_rows < LARGE_ROWS
        assert f"Import {job.pk} cancelled: large.csv" in stdout
        resume = re.search(r"manage\.py import_csv (--resume \d+)$", stderr, re.MULTILINE)
        assert resume
        large.unlink()
        code, stdout, _ = output(start(*resume[1].split()))
        assert code == 0
        assert "since it was resumed" in stdout
        assert receipt_of(last_job()) == expected
        assert Product.objects.count() == expected["created_rows"]

    def test_a_second_signal_cancels_at_once(self, large: Path, expected: dict[str, Any]) -> None:
        # All rows in one chunk.
        process = start(large, IMPORT_CHUNK_ROWS="1000000")
        wait_until(lambda: ImportLane.objects.exclude(claimed_until=None).exists())
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        code, _, _ = output(process)
        assert code == 1
        assert last_job().processed_rows == 0
        assert last_job().status == ImportJob.Status.CANCELLED
        assert output(start("--resume", str(last_job().pk)))[0] == 0
        assert receipt_of(last_job()) == expected

    def test_a_killed_import_can_be_resumed(self, large: Path, expected: dict[str, Any]) -> None:
        process = start(large, **SMALL_CHUNKS)
        wait_until(is_under_way)
        process.kill()
        output(process)
        assert last_job().status == ImportJob.Status.RUNNING
        ImportLane.objects.exclude(claimed_until=None).update(claimed_until=timezone.now() - LEASE)
        code, _, stderr = output(start("--resume", str(last_job().pk)))
        assert code == 0
        assert "joining in" in stderr
        assert receipt_of(last_job()) == expected

    def test_a_signal_while_the_file_is_read_leaves_nothing_behind(self, upload_folder: Path) -> None:
        process = start("-")
        assert process.stdin
        process.stdin.write(HEADER + "A1,Chair,1\n" * 100_000)
        process.stdin.flush()
        wait_until(lambda: any(path.stat().st_size for path in (upload_folder / "incoming").iterdir()))
        process.send_signal(signal.SIGINT)
        code, _, stderr = output(process)
        assert code == 1
        assert "nothing has been imported" in stderr
        assert not ImportJob.objects.exists()
        assert not list((upload_folder / "incoming").iterdir())

    def test_on_a_terminal_progress_is_a_bar(self, large: Path) -> None:
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "import_csv", str(large), "--json"],
            cwd=settings.BASE_DIR,
            env=product_environment(TERM="xterm", COLUMNS="100", IMPORT_CHUNK_ROWS="1000"),
            stdout=subprocess.PIPE,
            stderr=follower,
        )
        os.close(follower)
        written = b""
        while block := read_terminal(leader):
            written += block
        stdout, _ = process.communicate(timeout=60)
        without_colours = re.sub(r"\x1b\[[0-9;]*m", "", written.decode())
        lines = re.split(r"\x1b\[[0-9;?]*[A-Z]|\r|\n", without_colours)
        assert process.returncode == 0
        assert json.loads(stdout)["status"] == "completed"
        assert "\x1b[2K" in written.decode()
        assert any(re.search(r"Importing ━+.* \d+% [1-9][0-9]?,000 rows", line) for line in lines)


def read_terminal(leader: int) -> bytes:
    """What the process writes to its terminal; nothing once it has ended."""
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""


@pytest.mark.slow
class TestQueue:
    def test_the_workers_import_while_it_watches(
        self, worker_cluster: WorkerCluster, large: Path, expected: dict[str, Any]
    ) -> None:
        code, stdout, _ = output(start(large, "--queue", "--json"))
        assert code == 0
        assert json.loads(stdout)["status"] == "completed"
        assert receipt_of(last_job()) == expected
        assert f"advance import {last_job().pk}" in worker_cluster.log()

    @pytest.mark.django_db(transaction=True)
    def test_ctrl_c_only_stops_the_watching(self, large: Path, expected: dict[str, Any]) -> None:
        cluster = WorkerCluster(**SMALL_CHUNKS)
        cluster.start()
        try:
            process = start(large, "--queue")
            wait_until(is_under_way)
            process.send_signal(signal.SIGINT)
            code, stdout, stderr = output(process)
            assert (code, stdout) == (1, "")
            assert f"/api/jobs/{last_job().pk}/cancel" in stderr
            wait_until(lambda: last_job().is_over, seconds=60)
        finally:
            cluster.stop()
        assert last_job().status == ImportJob.Status.COMPLETED
        assert receipt_of(last_job()) == expected


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_several_processes_import_one_file(tmp_path: Path) -> None:
    rows = "".join(f"S{n % 15_000},Product {n},{n % 100}.50\n" for n in range(20_000))
    path = tmp_path / "many.csv"
    path.write_text(f"sku,name,price\n{rows}")

    code, stdout, stderr = output(start(path, "--workers=3", "--json", IMPORT_CHUNK_ROWS="500"))

    assert code == 0, stderr
    job = json.loads(stdout)
    assert (job["status"], job["created_rows"], job["duplicate_rows"]) == ("completed", 15_000, 5_000)
    assert ImportJob.objects.get().lanes.count() == 3
    # The later row has won, in each of the lanes.
    assert Product.objects.get(sku="S4999").name == "Product 19999"
    assert Product.objects.get(sku="S5000").name == "Product 5000"


def test_several_processes_are_not_for_the_queue(small: Path) -> None:
    with pytest.raises(CommandError, match="--workers cannot be used with --queue") as error:
        run(small, "--workers=2", "--queue")
    assert error.value.returncode == 2
