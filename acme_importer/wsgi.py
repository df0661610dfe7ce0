"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "acme_importer.settings")

application = get_wsgi_application()

# What is loaded by now stays as long as the process. The garbage collector would go through all of it every few dozen
# requests, in the middle of one, which then took 70 ms longer (measured: docs/performance-dashboard.md).
gc.collect()
gc.freeze()
