"""What every command of the product has in common.

Its version is the product's, who runs it is who acts, and a database that cannot be used is told in a sentence.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from acme_importer import __version__
from acme_importer.audit import acting


class ProductCommand(BaseCommand):
    # Django's checks are of the code, which `make lint` has them look at, and load every page: a third of the time in
    # which a command or a worker starts.
    requires_system_checks = ()

    def get_version(self) -> str:
        return __version__

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises CommandError where the database cannot be reached, or lacks migrations."""
        try:
            with acting.acting(acting.command):
                return super().execute(*args, **options)
        except DatabaseError as error:
            if reason := _what_is_wrong_with_the_database():
                raise CommandError(reason) from error
            raise


def _what_is_wrong_with_the_database() -> str:
    """A sentence for whoever runs the command; empty if the database is as it should be."""
    # Hardly any run needs what that loads.
    from acme_importer.cluster.readiness import check_migrations  # noqa: PLC0415

    try:
        connection.ensure_connection()
        is_up_to_date = check_migrations().is_ok
    except DatabaseError as error:
        return f"The database cannot be reached: {str(error).splitlines()[0]}"
    return "" if is_up_to_date else "The database is not up to date. Run `python manage.py migrate` first."
