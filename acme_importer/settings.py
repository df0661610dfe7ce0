"""All settings. Everything that differs between installations is read from the environment, here and nowhere else.

`.env.example` lists the variables. A file `.env` beside `manage.py` (or the one that ENV_FILE names) is read as well;
the real environment wins.
"""

import os
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, EnvValidationError, validate

from acme_importer import __version__
from acme_importer.private_files import create_private
from imports.guards import GuardsError, Limits, limits_from_text

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"), recurse=False)


# Of random letters and digits, as many as nobody can try.
SECRET_KEY_LENGTH = 16


def is_local(host: str) -> bool:
    """Whether `host`, one of ALLOWED_HOSTS, means this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.strip(".") in ("localhost", "testserver") or host.endswith(".localhost")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """The value of variable `name`, which must be one of `allowed`."""
    return env.str(name, default, validate=validate.OneOf(allowed, error="must be one of: {choices}"))


def whole_number(name: str, default: int, minimum: int) -> int:
    """The value of variable `name`, a whole number of at least `minimum`."""
    return env.int(name, default, validate=validate.Range(min=minimum, error="must be {min} or more"))


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """The value of variable `name`: networks as CIDRs, separated by commas."""
    try:
        return [ip_network(cidr.strip()) for cidr in env.str(name, default).split(",") if cidr.strip()]
    except ValueError as error:
        raise EnvValidationError(f'Environment variable "{name}" invalid: {error}', [str(error)]) from None


def guards(name: str) -> Limits:
    """The value of variable `name`: the limits of guards, as JSON."""
    try:
        return limits_from_text(env.str(name, ""))
    except GuardsError as error:
        raise EnvValidationError(f'Environment variable "{name}" invalid: {error}', [str(error)]) from None


def peer_limits(seconds: int) -> dict[str, Any]:
    """Options of a PostgreSQL connection with which each side gives up one that has been silent for so long.

    The server's: a client that is frozen within a transaction keeps its locks no longer, nor does one that is cut off.
    """
    probes = 3
    every = max(seconds // (probes + 1), 1)
    server = {
        "idle_in_transaction_session_timeout": f"{seconds}s",
        "tcp_keepalives_idle": every,
        "tcp_keepalives_interval": every,
        "tcp_keepalives_count": probes,
        "tcp_user_timeout": seconds * 1000,
    }
    return {
        "keepalives_idle": every,
        "keepalives_interval": every,
        "keepalives_count": probes,
        "tcp_user_timeout": seconds * 1000,
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
    }


def database(url: str, peer_seconds: int = 0) -> dj_database_url.DBConfig:
    """Django's settings for the database at `url`, with what this product needs of each kind.

    SQLite: WAL lets readers continue while an import writes; IMMEDIATE makes a writer wait for its turn at BEGIN
    instead of failing half-way through. PostgreSQL: the connection is kept, since Django-Q's broker would otherwise
    open one per operation; and neither side waits for ever for one that is frozen or cut off.
    """
    config = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 60,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000",
        }
    elif config["ENGINE"] == "django.db.backends.postgresql":
        if peer_seconds:
            config["OPTIONS"] = {**peer_limits(peer_seconds), **config.get("OPTIONS", {})}
    else:
        raise ImproperlyConfigured(f"DATABASE_URL: {url.partition(':')[0]} is not supported; use sqlite or postgresql.")
    return config


def upload_storage(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings for the storage of uploaded files: at `url`, or in `folder` if there is none.

    boto reads the credentials and the address of an S3 bucket from the environment itself.
    """
    if not url:
        # Not by FILE_UPLOAD_PERMISSIONS, which would be those of the static files, too.
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "file_permissions_mode": 0o640},
        }
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured(f"UPLOAD_STORAGE: '{url}' is not understood; use s3://bucket or s3://bucket/prefix.")
    if find_spec("storages") is None:
        raise ImproperlyConfigured("UPLOAD_STORAGE: S3 needs more packages: pip install -r requirements-s3.txt")
    options = {"bucket_name": parts.netloc, "location": parts.path.strip("/")}
    return {"BACKEND": "imports.files.s3.StreamedS3Storage", "OPTIONS": options}


try:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = env.str("SECRET_KEY", "")
    # Earlier ones, which still decrypt and still verify: docs/security.md says how to change the key.
    SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
    CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ORIGINS", [])
    HTTPS_ONLY = env.bool("HTTPS_ONLY", not DEBUG)
    HSTS_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", False)
    MAINTENANCE = env.bool("MAINTENANCE", False)
    # How many proxies in front of the web server append to X-Forwarded-For.
    PROXY_COUNT = whole_number("PROXY_COUNT", 1 if HTTPS_ONLY else 0, minimum=0)
    LOGIN_FAILURES = whole_number("LOGIN_FAILURES", 10, minimum=1)
    API_REQUESTS_PER_MINUTE = whole_number("API_REQUESTS_PER_MINUTE", 1200, minimum=1)
    DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    DATABASE_PEER_SECONDS = whole_number("DATABASE_PEER_SECONDS", 30, minimum=0)
    UPLOAD_FOLDER = Path(env.str("UPLOAD_FOLDER", str(BASE_DIR / "storage" / "uploads"))).resolve()
    UPLOAD_STORAGE = env.str("UPLOAD_STORAGE", "")
    UPLOAD_KEEP_DAYS = whole_number("UPLOAD_KEEP_DAYS", 30, minimum=1)
    REJECTED_KEEP_DAYS = whole_number("REJECTED_KEEP_DAYS", UPLOAD_KEEP_DAYS, minimum=1)
    UPLOAD_MAX_BYTES = whole_number("UPLOAD_MAX_MB", 2048, minimum=1) * 1024 * 1024
    HISTORY_KEEP_DAYS = whole_number("HISTORY_KEEP_DAYS", 180, minimum=1)
    AUDIT_KEEP_DAYS = whole_number("AUDIT_KEEP_DAYS", 365, minimum=1)
    DISK_RESERVE_BYTES = whole_number("DISK_RESERVE_MB", 500, minimum=0) * 1024 * 1024
    IMPORT_MAX_WAITING_FILES = whole_number("IMPORT_MAX_WAITING_FILES", 500, minimum=1)
    IMPORT_MAX_WAITING_MB = whole_number("IMPORT_MAX_WAITING_MB", 10 * UPLOAD_MAX_BYTES // 1024**2, minimum=1)
    IMPORT_WRITER = choice("IMPORT_WRITER", "bulk_create", ("bulk_create", "copy"))
    IMPORT_LANES = whole_number("IMPORT_LANES", 0, minimum=0)
    # Smaller chunks cost more in transactions than they save in memory, larger ones gain nothing (measured:
    # benchmarks/stages.py). On SQLite other writers wait for a chunk to end.
    IMPORT_CHUNK_ROWS = whole_number(
        "IMPORT_CHUNK_ROWS", 5_000 if DATABASE_URL.startswith("sqlite") else 10_000, minimum=1
    )
    IMPORT_MAX_REJECTED = whole_number("IMPORT_MAX_REJECTED", 0, minimum=0)
    IMPORT_GUARDS = guards("IMPORT_GUARDS")
    CHECK_NEEDS_SECOND_PERSON = env.bool("CHECK_NEEDS_SECOND_PERSON", False)
    # On a developer's machine the receivers are on the same machine; `run_local` sets the same.
    WEBHOOK_ALLOWED_NETWORKS = networks("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8,::1/128" if DEBUG else "")
    WEBHOOK_REQUIRE_HTTPS = env.bool("WEBHOOK_REQUIRE_HTTPS", not DEBUG)
    WEBHOOK_TIMEOUT_SECONDS = whole_number("WEBHOOK_TIMEOUT_SECONDS", 15, minimum=1)
    WEBHOOK_KEEP_DAYS = whole_number("WEBHOOK_KEEP_DAYS", 30, minimum=6)
    # The recipients of all mail; without any, none is sent.
    ADMIN_EMAILS: list[str] = env.list("ADMIN_EMAILS", [])
    SERVER_EMAIL = env.str("EMAIL_FROM", "acme-importer@localhost")
    EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
    EMAIL_PORT = whole_number("EMAIL_PORT", 25, minimum=1)
    EMAIL_HOST_USER = env.str("EMAIL_USER", "")
    EMAIL_HOST_PASSWORD = env.str("EMAIL_PASSWORD", "")
    EMAIL_USE_TLS = env.bool("EMAIL_STARTTLS", False)
    WEB_STATEMENT_SECONDS = whole_number("WEB_STATEMENT_SECONDS", 20, minimum=1)
    WORKERS = whole_number("WORKERS", os.cpu_count() or 1, minimum=1)
    PORT = whole_number("PORT", 8000, minimum=1)
    ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", "")
    LOG_FORMAT = choice("LOG_FORMAT", "lines", ("lines", "json"))
    SENTRY_DSN = env.str("SENTRY_DSN", "")
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
    LOG_LEVEL = choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from None

if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it to a long random string, "
            "or try the product on this machine with `make run`, which creates one."
        )
    SECRET_KEY = "only-for-trying-out-on-this-machine"  # noqa: S105
elif len(SECRET_KEY) < SECRET_KEY_LENGTH:
    raise ImproperlyConfigured(
        f"SECRET_KEY is too short. Set it to a random string of {SECRET_KEY_LENGTH} characters or more: it "
        "signs sessions and the workers' messages, and encrypts the webhooks' secrets."
    )
if SENTRY_DSN and find_spec("sentry_sdk") is None:
    raise ImproperlyConfigured("SENTRY_DSN: Sentry needs one more package: pip install -r requirements-sentry.txt")
if METRICS_TOKEN and len(METRICS_TOKEN) < SECRET_KEY_LENGTH:
    raise ImproperlyConfigured(
        f"METRICS_TOKEN is too short. Set it to a random string of {SECRET_KEY_LENGTH} characters or more."
    )
if DEBUG and (public := [host for host in ALLOWED_HOSTS if not is_local(host)]):
    raise ImproperlyConfigured(
        f"DEBUG is on, and ALLOWED_HOSTS names '{public[0]}': the detailed error pages would be shown to others. "
        "Turn DEBUG off, or allow hosts of this machine only."
    )

INSTALLED_APPS = [
    "acme_importer.apps.AcmeImporterConfig",
    "acme_importer.cluster",
    "acme_importer.audit.apps.AuditConfig",
    "products",
    "imports",
    "webhooks",
    "acme_importer.tokens.apps.TokensConfig",
    "acme_importer.apps.DashboardConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "axes",
]

MIDDLEWARE = [
    "acme_importer.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "acme_importer.private_responses.NoStoreMiddleware",
    "acme_importer.content_security.ContentSecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "acme_importer.maintenance.MaintenanceMiddleware",
    "acme_importer.time_limit.StatementTimeLimitMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "acme_importer.large_bodies.LargeBodiesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "acme_importer.audit.acting.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "acme_importer.urls"
# After a login that came from no page of ours.
LOGIN_REDIRECT_URL = "admin:index"
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "acme_importer.error_pages.csrf_failure"
WSGI_APPLICATION = "acme_importer.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database(DATABASE_URL, DATABASE_PEER_SECONDS)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3" and DATABASES["default"]["NAME"] != ":memory:":
    create_private(Path(DATABASES["default"]["NAME"]))
if IMPORT_WRITER == "copy" and DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "IMPORT_WRITER: 'copy' works on PostgreSQL only, and DATABASE_URL names another database; use 'bulk_create'."
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "acme_importer.tokens.backend.PasswordBackend"]

# Failed logins lock out a name, whatever address tries it, and an address, whatever names it tries. Nothing is looked
# up or hashed for it then.
AXES_FAILURE_LIMIT = LOGIN_FAILURES
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Trying on during the wait does not make it longer: else an attacker could keep a user out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "acme_importer.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "acme_importer.logins.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# For each process its own: nothing in it is missed by another.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

ADMINS = [("", address) for address in ADMIN_EMAILS]
EMAIL_TIMEOUT = 30
EMAIL_SUBJECT_PREFIX = "[Acme Product Importer] "

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
# One format for dates and times on every page, Django's own included.
FORMAT_MODULE_PATH = ["acme_importer.formats"]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": upload_storage(UPLOAD_STORAGE, UPLOAD_FOLDER),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    # Nothing to collect on a developer's machine.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

# Uploads: hashed while they are written, on the file system where they stay (or leave for S3), so that keeping one is a
# rename.
FILE_UPLOAD_HANDLERS = ["imports.files.upload_handler.HashingUploadHandler"]

# Security. HTTPS_ONLY is for an installation behind a proxy that terminates TLS and sets X-Forwarded-Proto.
if HTTPS_ONLY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)/?$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    # Other names of the domain may have no HTTPS, and a browser's preload list forgets nothing: whoever runs them says.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_SUBDOMAINS
    SECURE_HSTS_PRELOAD = HSTS_SUBDOMAINS
    SILENCED_SYSTEM_CHECKS = [] if HSTS_SUBDOMAINS else ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "acme_importer.tokens.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # No forms: a generated client cannot tell which of several content types to send the same model as.
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PERMISSION_CLASSES": [
        "acme_importer.rest.scopes.TokenScope",
        "acme_importer.rest.permissions.ModelPermissions",
    ],
    "DEFAULT_PAGINATION_CLASS": "acme_importer.rest.pages.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "acme_importer.rest.filters.StrictFilterBackend",
        "acme_importer.rest.ordering.Ordering",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["acme_importer.rest.limits.RequestLimit"],
    "EXCEPTION_HANDLER": "acme_importer.rest.limits.handle_exception",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
# Knox hashes the tokens of the API. The prefix tells those who search code for keys what they have found.
KNOX_TOKEN_MODEL = "tokens.Token"  # noqa: S105  # of a model
REST_KNOX = {"TOKEN_PREFIX": "acme_"}
# Its own table would be there for nothing.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Acme Product Importer",
    "DESCRIPTION": "Product catalogues from CSV files: uploads, import jobs and products.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # The first version of OpenAPI that describes webhooks.
    "OAS_VERSION": "3.1.0",
    "WEBHOOKS": "webhooks.api.schema.WEBHOOKS",
    "ENUM_NAME_OVERRIDES": {
        "JobStatus": "imports.models.ImportJob.Status",
        "DeliveryStatus": "webhooks.models.Delivery.Status",
        "AuditAct": "acme_importer.audit.acts.CHOICES",
        "AuditWay": "acme_importer.audit.acts.Way",
        "HistoryKind": "products.history.records.KINDS",
        "FeedKind": "products.api.changes.FEED_KINDS",
        "ProductField": "products.history.records.KEPT",
        "EventType": "webhooks.catalogue.CATALOGUE",
        "SubscribableEvent": "webhooks.catalogue.SUBSCRIBABLE",
        "Quote": "imports.options.QUOTES",
        "Escape": "imports.options.ESCAPES",
        "ImportMode": "imports.options.MODES",
        "NewProducts": "imports.options.NEW_PRODUCTS",
        "ChangeKind": "imports.changes.KIND_NAMES",
        "MissingProducts": "imports.models.MISSING",
        "Guard": "imports.guards.GUARDS",
        "Decision": "imports.models.ImportJob.Decision",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "acme_importer.rest.schema.describe_errors",
        "acme_importer.rest.schema.require_what_responses_always_have",
    ],
}

# Where the events of apps go that do not know webhooks.
EVENT_OUTLET = "webhooks.events.emit"
# What tells the history of products, which knows imports by their numbers, of their files and pages.
HISTORY_IMPORTS = "imports.sources.sources"
# What tells the list of products where a bulk action can be undone.
BULK_UNDO = "imports.dashboard.undo_sets.address"

# Django-Q2. A message is locked when a worker's queue takes it, not when it runs, so `retry` must be longer than the
# time that those before it in the queue may take: timeout * (1 + ceil((queue_limit + 1) / workers)).
TASK_TIMEOUT_SECONDS = 300
TASK_QUEUE_LIMIT = 1
Q_CLUSTER: dict[str, Any] = {
    "name": "acme",
    "orm": "default",
    "broker_class": "acme_importer.cluster.broker.ListedBroker",
    "workers": WORKERS,
    "bulk": 1,
    "queue_limit": TASK_QUEUE_LIMIT,
    "timeout": TASK_TIMEOUT_SECONDS,
    "retry": TASK_TIMEOUT_SECONDS * (1 + -(-(TASK_QUEUE_LIMIT + 1) // WORKERS)) + 60,
    "poll": 0.1,
    "save_limit": -1,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "label": "Workers",
    "log_level": LOG_LEVEL,
    # Webhooks have workers of their own: `manage.py run_workers --queue webhooks`. One dispatches, the other waits
    # for the last receivers of the previous slice; see webhooks/tasks.py. Only a fault can reach the time-out.
    "ALT_CLUSTERS": {
        "webhooks": {
            "workers": 2,
            "timeout": 3 * WEBHOOK_TIMEOUT_SECONDS + 60,
            "retry": 2 * (3 * WEBHOOK_TIMEOUT_SECONDS + 60) + 60,
        },
    },
}

# The only functions that the workers run, as each app hands them in. Whoever can write to the database and knows
# SECRET_KEY can have any of these called with any arguments, so none may do harm.
CLUSTER_TASKS = [
    "acme_importer.audit.tasks.prune",
    "acme_importer.cluster.supervisor.probe",
    "acme_importer.housekeeping.prune",
    "acme_importer.tokens.tasks.prune",
    "django.core.mail.mail_admins",
    "imports.tasks.open_job",
    "imports.tasks.advance_lane",
    "imports.tasks.delete_old_files",
    "imports.tasks.delete_expired_checks",
    "imports.tasks.delete_old_rejected_rows",
    "products.history.pruning.prune",
    "products.search.follower.follow",
    "products.search.follower.sweep",
    "webhooks.tasks.dispatch",
    "webhooks.tasks.prune",
    "webhooks.tasks.replay",
]
# Those of them that a schedule or the supervisors start again, should the worker die: their messages are deleted when
# they begin (`acme_importer.cluster.begun`).
CLUSTER_STARTED_AGAIN = [
    "acme_importer.audit.tasks.prune",
    "acme_importer.housekeeping.prune",
    "acme_importer.tokens.tasks.prune",
    "imports.tasks.delete_old_files",
    "imports.tasks.delete_expired_checks",
    "imports.tasks.delete_old_rejected_rows",
    "products.search.follower.follow",
    "products.search.follower.sweep",
    "webhooks.tasks.dispatch",
    "webhooks.tasks.prune",
    "webhooks.tasks.replay",
]
# Functions for each queue that return a moment (or None) which moves on while its workers get work done. Where messages
# wait and none of these moves, the workers count as hung.
CLUSTER_PROGRESS = {"acme": ["imports.jobs.newest_claim"], "webhooks": ["webhooks.recovery.end_of_dispatching"]}
# What the supervisors of each queue call every few seconds, to find work that has stalled.
CLUSTER_CARE = {
    "acme": ["imports.stalled.wake", "imports.turns.call_all"],
    "webhooks": ["webhooks.recovery.ensure_dispatching", "webhooks.replays.resume_stalled"],
}
# Functions that free what a dead worker or cluster held (its name is their argument), and return whether they could.
CLUSTER_RECOVERY = ["imports.stalled.recover", "webhooks.recovery.recover"]
# What is enqueued when the workers of a queue start, since waiting for its schedule would take up to a minute.
CLUSTER_FIRST_TASKS = {"webhooks": ["webhooks.tasks.dispatch"]}

# What /readyz looks at: each function returns an `acme_importer.cluster.readiness.Finding`, or raises.
READINESS_CHECKS = {
    "database": "acme_importer.cluster.readiness.check_database",
    "migrations": "acme_importer.cluster.readiness.check_migrations",
    "storage": "imports.files.writable.check_storage",
    "workers": "acme_importer.cluster.readiness.check_workers",
}

# What /metrics tells: each function yields figures for Prometheus, for which it asks a bounded number of questions.
METRICS = ["imports.metrics.figures", "acme_importer.cluster.metrics.figures", "webhooks.metrics.figures"]

# The front page of the dashboard, in the order in which it is shown. Each function is handed the user.
FRONT_PAGE_NOTICES = [
    "acme_importer.dashboard.workers.notices",
    "imports.dashboard.front_page.notices",
    "webhooks.dashboard.front_page.notices",
    "acme_importer.tokens.front_page.notices",
]
FRONT_PAGE_PANELS = [
    "imports.dashboard.front_page.getting_started",
    "imports.dashboard.front_page.running_imports",
    "products.dashboard.front_page.catalogue",
    "acme_importer.dashboard.workers.panel",
    "webhooks.dashboard.front_page.webhook_health",
    "imports.dashboard.front_page.rows_per_day",
    "imports.dashboard.front_page.last_imports",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "acme_importer.log_lines.Lines", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "acme_importer.log_lines.JsonLines"},
    },
    "filters": {
        "context": {"()": "acme_importer.log_context.ContextFilter"},
        "without_failures": {"()": "acme_importer.log_lines.WithoutFailures"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["context"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # At INFO Django-Q writes several lines every ten seconds of each import.
        "django-q": {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "WARNING", "filters": ["without_failures"]},
        # Without its own handlers, which would write each line twice. At DEBUG it logs every SQL statement.
        "django": {"level": "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL},
        # At INFO several lines for each login; failed logins and locked-out ones are warnings.
        "axes": {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "WARNING"},
        # It warns of addresses that WEBHOOK_ALLOWED_NETWORKS then allows; refused ones are recorded with the delivery.
        "requests_hardened": {"level": "ERROR"},
    },
}
