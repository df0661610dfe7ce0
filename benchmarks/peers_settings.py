"""The product's settings, and the peers' apps."""

from acme_importer.settings import *  # noqa: F403
from acme_importer.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "import_export"]
