"""The settings that tests run with: the product's own, read from an environment that is the same on every machine.

Processes that tests start inherit this environment. Only DATABASE_URL is taken from outside.
"""

import os
import tempfile
from pathlib import Path

# Where this test process keeps its files; removed in `tests/conftest.py`.
FOLDER = Path(tempfile.mkdtemp(prefix="acme-tests-"))

# Tests start a hundred processes, and without it each would compile the product anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER}/unused.sqlite3")
os.environ.update(
    ENV_FILE=os.devnull,
    SECRET_KEY="only-for-the-tests",
    DEBUG="false",
    HTTPS_ONLY="false",
    ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    CSRF_TRUSTED_ORIGINS="",
    CORS_ORIGINS="",
    UPLOAD_FOLDER=str(FOLDER / "uploads"),
    UPLOAD_STORAGE="",
    UPLOAD_MAX_MB="2048",
    AUDIT_KEEP_DAYS="365",
    HISTORY_KEEP_DAYS="180",
    IMPORT_WRITER="bulk_create",
    IMPORT_LANES="0",
    IMPORT_CHUNK_ROWS="5000",
    IMPORT_MAX_REJECTED="0",
    WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8,::1/128",
    WEBHOOK_REQUIRE_HTTPS="false",
    WEBHOOK_TIMEOUT_SECONDS="15",
    WEBHOOK_KEEP_DAYS="30",
    WORKERS="2",
    # All tests come from one address.
    API_REQUESTS_PER_MINUTE="1000000",
    LOG_LEVEL="INFO",
)

from acme_importer.settings import *  # noqa: E402, F403
from acme_importer.settings import CLUSTER_TASKS, DATABASES, STORAGES  # noqa: E402

# Functions of Python that tests have workers run.
CLUSTER_TASKS += ["math.sqrt", "math.exp", "math.log", "time.sleep"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, since tests run worker processes on the test database.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
    # It need not survive a power cut, and no test makes one.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"

# Hashing passwords is slow on purpose, and nothing is collected for tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = FOLDER / "static"
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
