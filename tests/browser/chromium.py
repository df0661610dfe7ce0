"""Where the browser of the tests is, and what is left out without it."""

from pathlib import Path

PATH = Path("/usr/bin/chromium")
MISSING = (
    f"The browser tests (tests/browser) were left out: there is no {PATH}. Install it with `apt-get install chromium`."
)
