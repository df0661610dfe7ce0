"""The style sheets stay small: all of ours, and what of Django's is loaded with them."""

import gzip
from pathlib import Path

from django.contrib.staticfiles import finders

ROOT = Path(__file__).parent.parent.parent
OURS = sorted(ROOT.glob("*/static/*/*.css"))
DJANGOS = [Path(str(finders.find("admin/css/widgets.css")))]


def test_our_style_sheets_have_at_most_1100_lines():
    assert OURS
    assert sum(len(sheet.read_text().splitlines()) for sheet in OURS) <= 1100


def test_all_style_sheets_are_at_most_25_kilobytes_over_the_wire():
    assert sum(len(gzip.compress(sheet.read_bytes())) for sheet in OURS + DJANGOS) <= 25_000


def test_no_page_loads_a_sheet_of_djangos_admin_but_that_of_its_widgets(admin_client):
    for path in ("/admin/", "/admin/products/product/", "/admin/products/product/add/", "/admin/auth/user/1/change/"):
        page = admin_client.get(path, follow=True).content.decode()
        for name in ("base", "dark_mode", "responsive", "changelists", "forms", "login", "dashboard"):
            assert f"admin/css/{name}.css" not in page
