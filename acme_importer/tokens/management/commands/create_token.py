"""Command `create_token`: a token of the API for a user, whose key is printed this once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from acme_importer.commands import ProductCommand
from acme_importer.rest.scopes import SCOPES
from acme_importer.tokens.models import DEFAULT_DAYS, MAX_DAYS, NAME_MAX_LENGTH, issue


class Command(ProductCommand):
    help = "Creates a token of the API and prints its key, only this once. Nothing else is on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="The name of the user whom the token lets in.")
        parser.add_argument("--name", required=True, help="What uses it, to know it by.")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=SCOPES,
            help="What it may be used for, within what the user may do. Several: --scope read --scope import.",
        )
        parser.add_argument(
            "--expires-in",
            type=int,
            default=DEFAULT_DAYS,
            metavar="DAYS",
            help=f"When it ends, {MAX_DAYS} days at most (default: %(default)s).",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        name, days = options["name"].strip(), options["expires_in"]
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--expires-in: a token is valid for 1 to {MAX_DAYS} days.")
        if not 1 <= len(name) <= NAME_MAX_LENGTH:
            raise CommandError(f"--name: a name has 1 to {NAME_MAX_LENGTH} characters.")
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        if not user.is_active:
            raise CommandError(f"The user {options['user']!r} is inactive.")
        token = issue(user, name, dict.fromkeys(options["scope"]), days)
        self.stdout.write(token.key)
        told = f"Copy this key now: it is not shown again. It is valid until {token.expiry:%Y-%m-%d}."
        self.stderr.write(told, self.style.WARNING)
