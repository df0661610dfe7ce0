"""What every browser test uses: a page of real Chromium on the real web server, and what is found wrong in it."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser import chromium
from tests.products.factories import make_user

# Playwright runs an event loop in the thread of the tests, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
SCREENSHOTS = HERE.parent / "screenshots"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
PHONE = ViewportSize(width=390, height=844)
SECONDS = 1000
# Of something that comes, this costs no time; and on a busy machine it may come late.
expect.set_options(timeout=30 * SECONDS)

LogIn = Callable[..., User]
Screenshot = Callable[..., Path]
Findings = Callable[..., list[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            # The web server is another thread: it sees only what is committed.
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.slow)
            if not chromium.PATH.exists():
                item.add_marker(pytest.mark.skip(reason=chromium.MISSING))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.PATH, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A fresh profile, whose addresses begin at the web server. Knows light mode, and no animations."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        color_scheme="light",
    )
    context.set_default_timeout(30 * SECONDS)
    yield context
    context.close()


@pytest.fixture
def faults(context: BrowserContext) -> list[str]:
    """What the browser complains about: errors of scripts, violations of the content security policy, failed loads.

    A test that provokes one on purpose takes it out of this list.
    """
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    context.on(
        "response",
        lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
    )
    return faults


@pytest.fixture
def page(context: BrowserContext, faults: list[str]) -> Iterator[Page]:
    """A page of the browser. The test fails in the end if the browser has complained."""
    page = context.new_page()
    yield page
    page.close()
    assert not faults, "The browser complained:\n" + "\n".join(faults)


@pytest.fixture
def log_in(context: BrowserContext, live_server: LiveServer) -> LogIn:
    """Log the browser in: `log_in()` as one who may do everything, `log_in("app.codename", …)` with permissions only.

    Without the login page, which has a test of its own. A session that was there before stays valid: the page that is
    open may ask for something with it before the browser has the new one.
    """

    def log_in(*permissions: str) -> User:
        user = make_user(*permissions, is_staff=True, is_superuser=not permissions)
        client = Client()
        client.force_login(user)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        return user

    return log_in


def picture(page: Page, path: Path, *, full_page: bool) -> None:
    """Save what the page looks like, for people. On a busy machine, Chromium now and then fails to at the first try."""
    try:
        # To hide the caret it would put a style element into the page, against the page's policy.
        page.screenshot(path=path, full_page=full_page, caret="initial")
    except Error as error:
        if "Unable to capture screenshot" not in error.message:
            raise
        page.screenshot(path=path, full_page=full_page, caret="initial")


@pytest.fixture
def screenshot(page: Page, request: pytest.FixtureRequest) -> Screenshot:
    """Save what the page looks like under `tests/screenshots`: `screenshot("after the import")`."""

    def screenshot(name: str, *, full_page: bool = True) -> Path:
        test = re.sub(r"^test_|\[.*", "", request.node.name)
        path = SCREENSHOTS / f"{test}--{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png"
        picture(page, path, full_page=full_page)
        return path

    return screenshot


@pytest.fixture
def findings(page: Page, faults: list[str]) -> Findings:
    """What axe-core finds on the page as it stands, however slight: a function that returns a line for each.

    `findings("color-contrast")` asks for that rule only, `within` for one part of the page.
    """

    def findings(*rules: str, within: str = "html") -> list[str]:
        # Not as a script element, which the page's policy forbids.
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(f"() => {{ {AXE} }}")
        before = len(faults)
        options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        found = page.evaluate("([part, options]) => axe.run(part, options)", [within, options])
        # Its own violations: axe-core measures with `style` attributes.
        del faults[before:]
        return [
            f"{violation['impact']}: {violation['help']}: {node['html'][:200]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    return findings


@pytest.fixture
def assert_accessible(page: Page, findings: Findings) -> Callable[[], None]:
    """Fail if axe-core finds anything on the page as it stands."""

    def assert_accessible() -> None:
        found = findings()
        assert not found, f"axe-core found on {page.url}:\n" + "\n".join(found)

    return assert_accessible
