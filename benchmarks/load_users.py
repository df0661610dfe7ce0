"""The clients of `benchmarks.load`, for locust: each asks for one thing a second. Knows nothing but the API.

TOKEN, JOBS (numbers of the imports), SKUS and WORDS come from the environment.
"""

from __future__ import annotations

import os
import random
import time
from urllib.parse import urlencode

from locust import FastHttpUser, constant_throughput, task

JOBS = os.environ["JOBS"].split(",")
SKUS = os.environ["SKUS"].split(",")
WORDS = os.environ["WORDS"].split(",")


class Client(FastHttpUser):
    """Polls a job, pages through products, looks up SKUs and searches; one request in five is a search."""

    wait_time = constant_throughput(1)
    default_headers = {"Authorization": f"Token {os.environ['TOKEN']}"}

    def on_start(self) -> None:
        # Clients that know nothing of each other do not all ask in the same moment of each second. Less than a second
        # would be made up for: it is counted as the time of a request.
        time.sleep(1 + random.random())

    @task(2)
    def poll(self) -> None:
        """Ask how far an import is."""
        self.client.get(f"/api/jobs/{random.choice(JOBS)}", name="poll a job")

    @task(1)
    def page(self) -> None:
        """Read one of the first hundred pages."""
        self.client.get(f"/api/products/?page={random.randint(1, 100)}", name="page of products")

    @task(1)
    def look_up(self) -> None:
        """Look one SKU up."""
        self._ask_products("look up a SKU", sku=random.choice(SKUS))

    @task(1)
    def search(self) -> None:
        """Search for a frequent word, two words together, or one that there is nowhere."""
        words = random.choice((random.choice(WORDS), " ".join(random.sample(WORDS, 2)), "qqxyz"))
        self._ask_products("search", search=words)

    def _ask_products(self, name: str, **parameters: str) -> None:
        self.client.get(f"/api/products/?{urlencode(parameters)}", name=name)
