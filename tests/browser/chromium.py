"""Where the browser of the tests is, and what is skipped without it."""

from pathlib import Path

PATH = Path("/usr/bin/chromium")
MISSING = (
    f"The browser tests (tests/browser) were skipped: there is no {PATH}. Install it with `apt-get install chromium`."
)
