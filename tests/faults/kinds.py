"""The kinds of fault: what each does, and in how many seconds the work must continue after it."""

from __future__ import annotations

from tests.faults import disks, hosts, people, poison, processes, receivers, stores, uploads
from tests.faults.kind import Kind

SQLITE, POSTGRESQL = ("sqlite",), ("postgresql",)

KINDS: dict[str, Kind] = {
    "busy worker killed": Kind(processes.busy_worker, 10),
    "all workers killed": Kind(processes.all_workers, 10),
    "worker killed while opening a file": Kind(processes.busy_worker, 10, work="opening"),
    "sentinel killed": Kind(processes.sentinel, 10),
    "cluster killed": Kind(processes.cluster, 10),
    "supervisor killed": Kind(processes.supervisor, 10),
    "whole group killed": Kind(processes.whole_group, 10),
    "monitor killed": Kind(processes.monitor, 20, before=True),
    "idle worker killed": Kind(processes.idle_worker, 20, before=True),
    "whole group killed, and seen not to run": Kind(processes.not_running, 10),
    "two deploys": Kind(processes.deploys, 10, size=2),
    "stopped and continued": Kind(processes.paused, 10),
    "connections terminated": Kind(stores.connections_terminated, 10, databases=POSTGRESQL),
    "PostgreSQL stopped for 5 s": Kind(stores.postgres_stopped, 10, databases=POSTGRESQL),
    "SQLite locked for 2 to 65 s": Kind(stores.sqlite_locked, 10, databases=SQLITE),
    "messages deleted": Kind(stores.messages_deleted, 20),
    "messages delivered twice and thrice": Kind(stores.messages_repeated, 10),
    "SECRET_KEY changed": Kind(processes.secret_key_changed, 20),
    "cancelled and retried in a storm": Kind(people.cancel_and_retry_storm, 20, size=2),
    "edits, deletions, busy worker killed": Kind(people.edits_and_deletions, 10, size=2),
    "three imports of the same SKUs, busy worker killed": Kind(
        processes.busy_worker, 10, work="three imports of the same SKUs"
    ),
    "twenty files, busy worker killed": Kind(processes.busy_worker, 10, work="twenty files"),
    "twenty files, whole group killed": Kind(processes.whole_group, 10, work="twenty files"),
    "disk full at upload": Kind(disks.full_at_upload, 10, before=True, place=disks.small_upload_folder),
    "disk full at opening": Kind(
        disks.full_at_opening, 10, work="nothing more", before=True, place=disks.small_upload_folder
    ),
    "disk full under SQLite": Kind(disks.full_under_sqlite, 60, databases=SQLITE, place=disks.small_database_disk),
    "file gone for a while": Kind(disks.file_gone, 10, size=2),
    "web worker killed at upload": Kind(uploads.web_worker_killed, 10, before=True),
    "poison rows by trigger": Kind(
        poison.there_from_the_start, 10, work="poison rows", before=True, place=poison.refusing_at_once
    ),
    "poison rows by trigger, at the commit": Kind(
        poison.there_from_the_start, 20, work="poison rows", before=True, place=poison.refusing_too_late
    ),
    "poison rows that kill the worker": Kind(
        poison.there_from_the_start, 20, work="poison rows", before=True, place=poison.killing
    ),
    "webhook workers killed": Kind(processes.all_workers, 20, work="webhooks"),
    "webhook workers killed during imports": Kind(processes.all_workers, 20, work="webhooks and imports"),
    "idle webhook worker killed during imports": Kind(processes.idle_worker, 20, work="webhooks and imports"),
    "receiver hangs": Kind(receivers.hangs, 20, work="webhooks"),
    "receiver dies": Kind(receivers.dies, 20, work="webhooks"),
    "endpoint disabled for a while, events replayed": Kind(receivers.disabled, 20, work="webhooks"),
    "receiver responds with 500": Kind(receivers.responds_500, 20, work="webhooks and imports"),
    "host frozen inside a transaction": Kind(processes.frozen_host, 60, clusters=2, databases=POSTGRESQL),
    "host frozen, its work taken over, continued": Kind(
        processes.back_from_the_dead, 60, clusters=2, databases=POSTGRESQL
    ),
    "cluster frozen inside a transaction": Kind(processes.frozen_cluster, 60, clusters=2, databases=POSTGRESQL),
    "cable of a host pulled": Kind(hosts.cable_pulled, 60, clusters=2, databases=POSTGRESQL, place=hosts.two_hosts),
}
