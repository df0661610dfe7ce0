"""Takes the pictures of the dashboard again, of a shop with some history: `python docs/take_screenshots.py`.

Everything happens in a temporary folder, and nothing but the pictures is kept. Needs Chromium, as the browser tests do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
PORT = 8790
SITE = f"http://127.0.0.1:{PORT}"
CHROMIUM = "/usr/bin/chromium"
# What was imported: name, options of the generator, and how long ago.
FILES = (
    ("spring-catalogue.csv", {"rows": 98_000, "seed": 7, "duplicates": 0.01, "bad": 0.004}, timedelta(days=5)),
    ("supplier-north.csv", {"rows": 8_000, "seed": 8, "bad": 0.016}, timedelta(days=2, hours=4)),
    ("price-update.csv", {"rows": 20_000, "seed": 9, "of_seed": 7, "changed": 0.6}, timedelta(days=1, hours=3)),
    ("supplier-south.csv", {"rows": 26_000, "seed": 10}, timedelta(hours=6)),
    ("price-corrections.csv", {"rows": 400, "seed": 12, "of_seed": 7, "changed": 0.5}, timedelta(hours=2)),
    ("stock-check.csv", {"rows": 8_000, "seed": 11, "of_seed": 8, "changed": 0.1}, timedelta(minutes=10)),
)


def main() -> None:
    """Fill a database, show it, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        pages, session = fill(Path(folder))
        with server():
            take(pages, session)
            take(pages_of_history(), session)
            take(pages_of_checks(), session)
            take(pages_of_suppliers(), session)
            take(pages_of_guards(Path(folder)), session)


def prepare(folder: Path) -> None:
    """Set up the product in `folder`."""
    os.environ.update(
        ENV_FILE=os.devnull,
        DATABASE_URL=f"sqlite:///{folder}/shop.sqlite3",
        UPLOAD_FOLDER=str(folder / "uploads"),
        SECRET_KEY="only-for-pictures",  # noqa: S106
        HTTPS_ONLY="false",
        DEBUG="true",
        DJANGO_SETTINGS_MODULE="acme_importer.settings",
        # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
    )
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415

    django.setup()


def fill(folder: Path) -> tuple[dict[str, str], str]:
    """Import the files and set up webhooks; return the pages to show, and the session of one who is logged in."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415
    from django_q.models import Schedule  # noqa: PLC0415

    from imports.commandline.generator import Recipe  # noqa: PLC0415
    from imports.commandline.product_file import write_file  # noqa: PLC0415
    from imports.models import ImportJob  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    add_webhooks()
    for name, options, ago in FILES:
        path = folder / name
        write_file(Recipe(**options), str(path))
        call_command("import_csv", str(path), dry_run=name == "stock-check.csv")
        job = ImportJob.objects.latest("pk")
        job.finished_at, began = timezone.now() - ago, timezone.now() - ago - timedelta(seconds=9)
        job.created_at = job.started_at = job.run_started_at = began
        job.save()
    add_deliveries()
    # Workers that are alive.
    Schedule.objects.update(next_run=timezone.now() + timedelta(hours=1))
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    imports = "/admin/imports/importjob/"
    numbers = dict(ImportJob.objects.values_list("filename", "pk"))
    pages = {
        "overview": "/admin/",
        "import": f"{imports}{numbers['spring-catalogue.csv']}/change/",
        "check": f"{imports}{numbers['stock-check.csv']}/change/",
        "products": "/admin/products/product/",
    }
    return pages, client.cookies[settings.SESSION_COOKIE_NAME].value


def pages_of_history() -> dict[str, str]:
    """Preview the undo of an import, of whose products anna has edited some since; return the pages to show."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from imports.models import ImportJob  # noqa: PLC0415
    from products import editing  # noqa: PLC0415
    from products.editing import Editor  # noqa: PLC0415
    from products.models import Product  # noqa: PLC0415

    number, anna = ImportJob.objects.get(filename="price-update.csv").pk, User.objects.get(username="anna")
    for product in Product.objects.filter(last_import=number).order_by("-pk")[:7]:
        product.price, product.name = 49, f"{product.name} (sale)"
        editing.update(product, ["price", "name"], Editor(anna))
    call_command("undo_import", number, preview=True)
    imports = "/admin/imports/importjob/"
    return {
        "history": f"/admin/products/product/{product.pk}/change/",
        "changes": f"{imports}{number}/changes/?kind=updated",
        "undo": f"{imports}{ImportJob.objects.latest('pk').pk}/change/",
    }


def pages_of_checks() -> dict[str, str]:
    """Import what the check has shown, of whose products anna has edited some since; return the page to show."""
    from django.core.management import call_command  # noqa: PLC0415

    from imports.models import ImportJob  # noqa: PLC0415
    from products import editing  # noqa: PLC0415
    from products.editing import Editor  # noqa: PLC0415
    from products.models import Product  # noqa: PLC0415

    check = ImportJob.objects.get(filename="stock-check.csv")
    north = ImportJob.objects.get(filename="supplier-north.csv").pk
    for product in Product.objects.filter(last_import=north).order_by("pk")[:7]:
        product.price = 49
        editing.update(product, ["price"], Editor())
    call_command("import_csv", apply=check.pk)
    imports = "/admin/imports/importjob/"
    return {
        "held": f"{imports}{ImportJob.objects.latest('pk').pk}/change/",
        "fix": f"{imports}{north}/fix/?code=not_boolean",
    }


def pages_of_suppliers() -> dict[str, str]:
    """Remember how a file was read, and send the next one, whose price column has another name; return the pages."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from imports import drafts, remembering  # noqa: PLC0415
    from imports.files.upload_handler import receive  # noqa: PLC0415
    from imports.models import ImportJob  # noqa: PLC0415

    north, south = (ImportJob.objects.get(filename=f"supplier-{where}.csv") for where in ("north", "south"))
    nordic = remembering.remember("Nordic Tools", north)
    header = ",".join("Net price" if name == "price" else name for name in north.header)
    rows = "N-1,Torx screwdriver,,12.90,true\nN-2,Spirit level,,24.50,true\n"
    file = receive([f"{header}\n{rows}".encode()], "supplier-north-november.csv")
    draft = drafts.create(file, User.objects.get(username="anna"))
    drafts.choose_supplier(draft, nordic)
    imports = "/admin/imports/importjob/"
    return {
        "supplier-remember": f"{imports}{south.pk}/change/",
        "supplier-drifted": f"{imports}upload/{draft.pk}/",
        "supplier": f"/admin/imports/supplier/{nordic.pk}/change/",
    }


def pages_of_guards(folder: Path) -> dict[str, str]:
    """Import a price list that has lost its decimal points, under guard; return the page to show."""
    from contextlib import suppress  # noqa: PLC0415

    from django.core.management import call_command  # noqa: PLC0415
    from django.test import override_settings  # noqa: PLC0415

    from imports.guards import DEFAULTS  # noqa: PLC0415
    from imports.models import ImportJob  # noqa: PLC0415
    from products.models import Product  # noqa: PLC0415

    south = ImportJob.objects.get(filename="supplier-south.csv").pk
    products = Product.objects.filter(last_import=south).values_list("sku", "price")[:1000]
    path = folder / "south-prices.csv"
    path.write_text("sku,price\n" + "".join(f"{sku},{price * 100:.0f}\n" for sku, price in products if price))
    with override_settings(IMPORT_GUARDS=DEFAULTS), suppress(SystemExit):
        call_command("import_csv", str(path))
    return {"approval": f"/admin/imports/importjob/{ImportJob.objects.latest('pk').pk}/change/"}


def add_webhooks() -> None:
    """Two endpoints, before anything is imported that they are told of."""
    from webhooks.models import Endpoint  # noqa: PLC0415

    Endpoint.objects.create(url="https://shop.example.com/hooks/acme", description="Shop")
    Endpoint.objects.create(url="https://erp.example.com/in", description="ERP (old)")


def add_deliveries() -> None:
    """What became of the deliveries: the shop takes them, the ERP does not respond."""
    from django.utils import timezone  # noqa: PLC0415

    from webhooks.models import Attempt, Delivery, Endpoint  # noqa: PLC0415

    now = timezone.now()
    for delivery in Delivery.objects.select_related("endpoint"):
        works = delivery.endpoint.description == "Shop"
        error = "" if works else "The connection failed: connection refused"
        Attempt.objects.create(
            delivery=delivery,
            endpoint=delivery.endpoint,
            started_at=now - timedelta(minutes=10),
            latency_ms=9 + delivery.pk % 14 if works else 2,
            request_headers={},
            succeeded=works,
            status=204 if works else None,
            error=error,
        )
    ended = {"finished_at": now, "due_at": None}
    Delivery.objects.filter(endpoint__description="Shop").update(status="delivered", **ended)
    Delivery.objects.exclude(endpoint__description="Shop").update(status="failed", **ended)
    last = {"last_attempt_at": now - timedelta(minutes=10)}
    Endpoint.objects.filter(description="Shop").update(last_status=204, last_latency_ms=11, **last)
    failures = Attempt.objects.filter(succeeded=False).count()
    Endpoint.objects.exclude(description="Shop").update(
        last_error="The connection failed: connection refused",
        last_latency_ms=2,
        failures_in_a_row=failures,
        failing_since=now - timedelta(days=2),
        **last,
    )


@contextmanager
def server() -> Iterator[None]:
    """The web server on this database, once it responds."""
    command = [sys.executable, str(ROOT / "manage.py"), "runserver", "--noreload", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            while process.poll() is None:
                try:
                    urllib.request.urlopen(f"{SITE}/healthz", timeout=5)  # noqa: S310
                    break
                except URLError:
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()


def take(pages: dict[str, str], session: str) -> None:
    """Take the pictures: in light mode, 1440 pixels wide."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=SITE, viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        context.add_cookies([{"name": "sessionid", "value": session, "url": SITE}])
        page = context.new_page()
        for name, address in pages.items():
            page.goto(address)
            # A list is longer than a picture should be.
            is_long = name in ("overview", "history")
            page.screenshot(path=PICTURES / f"{name}.png", full_page=is_long, caret="initial")
        browser.close()


if __name__ == "__main__":
    main()
