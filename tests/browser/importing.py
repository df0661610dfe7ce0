"""What the browser tests of imports do on several pages."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Locator, Page, expect

LIST = "/admin/imports/importjob/"
UPLOAD = f"{LIST}upload/"


def choose(page: Page, content: str | bytes, name: str = "products.csv") -> None:
    """Choose a file of this content on the import page, which sends it."""
    data = content.encode() if isinstance(content, str) else content
    field = page.get_by_label("Drop a file here, or choose one")
    field.set_input_files(FilePayload(name=name, mimeType="text/csv", buffer=data))


def drop(page: Page, content: str, name: str = "products.csv") -> None:
    """Drop a file of this content on the import page."""
    transfer = page.evaluate_handle(
        """([content, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([content], name));
            return transfer;
        }""",
        [content, name],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})


def check_and_import(page: Page) -> None:
    """From the review of a file to the page of its import, once the workers have checked it."""
    page.get_by_role("button", name="Check the whole file").click()
    # Of a large file that takes a while.
    page.get_by_role("button", name="Import", exact=True).click(timeout=120_000)
    expect(page.get_by_text("Imports what check")).to_be_visible()


def state(page: Page) -> Locator:
    """The state of the import whose page this is."""
    return page.locator("[data-fresh=state]")
