"""How gunicorn serves the product. GUNICORN_CMD_ARGS and WEB_CONCURRENCY, which it reads itself, win over this."""

from pathlib import Path
from typing import Any

# Threads, which get requests that have arrived. Uploads have others, half as many: such a worker counts as alive while
# its main thread runs, so `timeout` bounds no upload.
worker_class = "acme_importer.patient_worker.PatientWorker"
threads = 16
timeout = 60
# For uploads on their way when a stop comes. Heroku kills after 30 seconds.
graceful_timeout = 25
keepalive = 5
# Below the 1,024 open files that most systems allow a process, of which each connection is one.
worker_connections = 800
# The heartbeat's file must not wait for a disk that is busy with uploads.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a file of its own in it
accesslog = "-"
# The format of LOG_FORMAT, and the id of each request.
logger_class = "acme_importer.web_logs.WebLog"
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({x-request-id}o)s'
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Load the pages before anybody asks for one, and delete what a web process that was killed has left of uploads.

    Gunicorn starts this one in its place. And let at most half of its threads wait for changes, until it is to stop, an
    eighth search, and five sixteenths wait to search: however many of each there are, a sixteenth is left for all other
    requests. Searches take the processor: more of them at a time are not done sooner, and more that wait are refused
    less often.
    """
    # The product is on the path only once gunicorn has read this file.
    import acme_importer.urls  # noqa: F401, PLC0415
    from imports.files.incoming import delete_abandoned_uploads  # noqa: PLC0415
    from products.history.waiting import room  # noqa: PLC0415
    from products.search.places import searches  # noqa: PLC0415

    delete_abandoned_uploads()
    room.places = worker.cfg.threads // 2
    room.goes_on = lambda: worker.alive
    searches.allow(at_once=max(worker.cfg.threads // 8, 1), waiting=worker.cfg.threads * 5 // 16)
