"""The container's health check: whether the web server in it responds to /healthz."""

import os
import sys
from http.client import HTTPConnection

# honcho's own default, and a name that the product accepts.
port = int(os.environ.get("PORT", "5000"))
host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip(" .*") or "localhost"

connection = HTTPConnection("127.0.0.1", port, timeout=5)
connection.request("GET", "/healthz", headers={"Host": host})
sys.exit(connection.getresponse().status != 200)
