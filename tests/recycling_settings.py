"""The product's own settings, for workers that end after two tasks, as Django-Q's do after some hundreds."""

from tests.cluster_settings import *  # noqa: F403
from tests.cluster_settings import Q_CLUSTER

Q_CLUSTER["recycle"] = 2
