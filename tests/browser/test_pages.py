"""Every page in three widths, light and dark: the browser does not complain, nothing has to be moved sideways, and a
screenshot is taken; in half of them, axe-core looks and finds nothing. A new page is a new row of PAGES.

`make screenshots` runs this file and writes an index to leaf through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page

from imports import drafts, remembering
from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.models import Product
from tests.browser.conftest import SCREENSHOTS, picture
from tests.imports.factories import make_job, run_import, upload
from tests.products.factories import make_product
from tests.webhooks.factories import make_endpoint
from webhooks.models import Attempt, Delivery

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

WIDTHS = {1440: 900, 768: 1024, 390: 844}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True)
class Shown:
    """A page: its name, its address (with the ids of `make_data` in braces), and the button that opens its menu."""

    name: str
    address: str
    click: str = ""
    # A person who is logged out, or a developer.
    anonymous: bool = False
    debug: bool = False
    # Of a page that others have made, and which cannot be changed, only some rules of axe-core are asked.
    rules: tuple[str, ...] = ()
    # What is there once the page is complete.
    ready: str = ""


PAGES = [
    Shown("overview", "/admin/"),
    Shown("overview-account-menu", "/admin/", click=".account button"),
    Shown("products", "/admin/products/product/"),
    Shown("products-filter-menu", "/admin/products/product/?price_min=2", click="[popovertarget=filter-price_min]"),
    Shown("products-filter-choices", "/admin/products/product/", click="[popovertarget=filter-is_active]"),
    Shown("products-filtered", "/admin/products/product/?sku_prefix=vas&is_active=true&price_max=90&search=walnut"),
    Shown("products-none-match", "/admin/products/product/?name=nothing+of+this+name"),
    Shown("product", "/admin/products/product/{product}/change/"),
    Shown("product-add", "/admin/products/product/add/"),
    Shown("product-history", "/admin/products/product/{product}/history/"),
    Shown("product-changed", "/admin/products/product/{changed}/change/"),
    Shown("product-changed-history", "/admin/products/product/{changed}/history/"),
    Shown("product-gone", "/admin/products/product/history/?sku=VAS-00002"),
    Shown(
        "products-changed-menu",
        "/admin/products/product/?changed_field=name",
        click="[popovertarget=filter-changed_by_import]",
    ),
    Shown("product-delete", "/admin/products/product/{product}/delete/"),
    Shown("imports", "/admin/imports/importjob/"),
    Shown("imports-filter-menu", "/admin/imports/importjob/", click="#changelist-filter button"),
    Shown("import-upload", "/admin/imports/importjob/upload/"),
    Shown("import-review", "/admin/imports/importjob/upload/{draft}/"),
    Shown("import-completed-with-errors", "/admin/imports/importjob/{job}/change/"),
    Shown("import-changes", "/admin/imports/importjob/{job}/changes/"),
    Shown("import-dry-run", "/admin/imports/importjob/{dry_run}/change/"),
    Shown("import-queued", "/admin/imports/importjob/{queued}/change/"),
    Shown("import-failed", "/admin/imports/importjob/{failed}/change/"),
    Shown("import-fix", "/admin/imports/importjob/{job}/fix/"),
    Shown("suppliers", "/admin/imports/supplier/"),
    Shown("supplier", "/admin/imports/supplier/{supplier}/change/"),
    Shown("import-history", "/admin/imports/importjob/{job}/history/"),
    Shown("webhooks", "/admin/webhooks/endpoint/"),
    Shown("webhook-add", "/admin/webhooks/endpoint/add/"),
    Shown("webhook", "/admin/webhooks/endpoint/{endpoint}/change/"),
    Shown("deliveries", "/admin/webhooks/delivery/"),
    Shown("delivery", "/admin/webhooks/delivery/{delivery}/change/"),
    Shown("users", "/admin/auth/user/"),
    Shown("user", "/admin/auth/user/{user}/change/"),
    Shown("user-add", "/admin/auth/user/add/"),
    Shown("user-password", "/admin/auth/user/{user}/password/"),
    Shown("group", "/admin/auth/group/{group}/change/"),
    Shown("tokens", "/admin/tokens/token/"),
    Shown("token-add", "/admin/tokens/token/add/"),
    Shown("workers", "/admin/workers/"),
    Shown("tables-of-an-app", "/admin/auth/"),
    Shown("password-change", "/admin/password_change/"),
    Shown("log-in", "/admin/login/", anonymous=True),
    Shown("api-log-in", "/api-auth/login/", anonymous=True),
    Shown("api", "/api/"),
    Shown("api-products", "/api/products/?page_size=2"),
    Shown("api-product", "/api/products/{product}"),
    Shown("api-docs", "/api/docs", rules=("color-contrast", "region", "button-name", "link-name"), ready=".opblock"),
    Shown("components", "/admin/components/", debug=True),
    Shown("components-menu", "/admin/components/", click="[popovertarget=light-menu]", debug=True),
    Shown("components-dialogue", "/admin/components/", click="[popovertarget=dark-dialog]", debug=True),
]


def make_data() -> dict[str, int]:
    """Save what a small shop would have; return the ids that addresses need."""
    rows = "".join(
        f"VAS-{n:05},Slim vase no. {n},Walnut,{n % 400}.{n % 90 + 10},{'yes' if n % 9 else 'no'}\n" for n in range(120)
    )
    faults = (
        "VAS-90001,,Walnut,1,yes\nVAS-90002,Oak vase,Oak,145.725,yes\nVAS-90003,Oak vase,Oak,-5,maybe\nVAS-90004,Oak\n"
    )
    endpoint = make_endpoint("https://shop.example.com/hooks/acme", description="Shop")
    make_endpoint("https://erp.example.com/in", description="ERP (old)", enabled=False)
    job = run_import(f"sku,name,description,price,is_active\n{rows}{faults}", filename="spring-catalogue.csv")
    update = "sku,name\nVAS-00001,Slim vase\nVAS-80000,Tall vase\n"
    dry_run = run_import(update, filename="price-update.csv", dry_run=True)
    failed = run_import("Artikel;Preis\nA-1;5\n", filename="artikel.csv")
    queued = make_job("sku,name\nA-1,Chair\n", filename="supplier-north-with-a-very-long-name-that-does-not-fit.csv")
    run_import("sku,name,price\nVAS-00001,Slim vase no. 1 of smoked oak,1248.50\n", filename="prices-of-november.csv")
    editing.delete(Product.objects.get(sku="VAS-00002"), Editor())
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=2))
    delivery = Delivery.objects.order_by("pk").first()
    assert delivery is not None
    Attempt.objects.create(
        delivery=delivery,
        endpoint=delivery.endpoint,
        started_at=timezone.now(),
        latency_ms=12,
        request_headers={},
        succeeded=True,
        status=204,
    )
    product = make_product(
        "A-very-long-sku-without-any-space-in-it", name="A very long name of a product that has to wrap"
    )
    group = Group.objects.create(name="Buyers")
    made = {"job": job, "dry_run": dry_run, "failed": failed, "queued": queued, "endpoint": endpoint}
    made |= {"delivery": delivery, "product": product, "group": group}
    made["supplier"] = remembering.remember("Nordic Tools with a name that is rather long", job)
    made["changed"] = Product.objects.get(sku="VAS-00001")
    return {name: thing.pk for name, thing in made.items()}


def is_examined(shown: Shown, width: int, theme: str) -> bool:
    """Whether axe-core, which takes seconds, looks at this view: at a page in each width in one theme, in turns.

    Pages are made of the same parts, so that each part is looked at in every width and theme.
    """
    return (PAGES.index(shown) + list(WIDTHS).index(width) + THEMES.index(theme)) % 2 == 0


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_every_page_in_every_width_and_theme(page: Page, log_in, settings, findings, shown):
    settings.DEBUG = shown.debug
    data = make_data()
    if not shown.anonymous:
        user = log_in()
        file = upload("sku;Titel;Preis;Farbe\nVAS-1;Vase;19,90;red\nVAS-2;;abc;blue\n", "supplier-north.csv")
        data |= {"user": user.pk, "draft": drafts.create(file, user).pk}

    page.goto(shown.address.format(**data))
    if shown.ready:
        page.wait_for_selector(shown.ready)
    wrong = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if shown.click and not page.locator(":popover-open").count():
                page.click(shown.click)
            place = f"{shown.name}--{width}--{theme}"
            picture(page, SCREENSHOTS / "pages" / f"{place}.png", full_page=not shown.click)
            if is_examined(shown, width, theme):
                wrong += [f"{place}: {finding}" for finding in findings(*shown.rules)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{place}: has to be moved sideways")
    assert not wrong, "\n".join(wrong)
