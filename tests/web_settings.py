"""The product's own settings, for web servers that tests start: nothing is collected for them."""

from acme_importer.settings import *  # noqa: F403
from acme_importer.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
