"""The product's own settings, for worker processes that besides run functions of Python which tests name."""

from acme_importer.settings import *  # noqa: F403
from acme_importer.settings import CLUSTER_TASKS

CLUSTER_TASKS += ["math.sqrt", "time.sleep"]
