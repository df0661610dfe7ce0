"""The product's own settings, for web servers whose index of words takes four seconds for each search."""

import time
from collections.abc import Iterable

from django.apps import AppConfig

from tests.web_settings import *  # noqa: F403
from tests.web_settings import INSTALLED_APPS

SECONDS = 4


class SlowSearchConfig(AppConfig):
    """Makes searches slow once they are there."""

    name = "tests"

    def ready(self) -> None:
        """As if the index were huge: the rest of a search is as it is."""
        from products.search import index  # noqa: PLC0415 - not before the apps are ready

        find = index.find

        def find_late(beginnings: Iterable[str], limit: int) -> index.Found:
            time.sleep(SECONDS)
            return find(beginnings, limit)

        index.find = find_late


INSTALLED_APPS += ["tests.slow_search_settings.SlowSearchConfig"]
