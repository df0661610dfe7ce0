"""The clients of `benchmarks.load`, for locust: each asks for one thing a second. Knows nothing but the API.

TOKEN, JOBS (numbers of the imports), SKUS and WORDS come from the environment.
"""

from __future__ import annotations

import os
import random
import time

from locust import HttpUser, constant_throughput, task

JOBS = os.environ["JOBS"].split(",")
SKUS = os.environ["SKUS"].split(",")
WORDS = os.environ["WORDS"].split(",")


class Client(HttpUser):
    """Polls a job, pages through products, looks up SKUs and searches; one request in five is a search."""

    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        # Clients that know nothing of each other do not all ask in the same moment of each second. Less than a second
        # would be made up for: it is counted as the time of a request.
        time.sleep(1 + random.random())
        self.client.headers["Authorization"] = f"Token {os.environ['TOKEN']}"

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
        self.client.get("/api/products/", params={"sku": random.choice(SKUS)}, name="look up a SKU")

    @task(1)
    def search(self) -> None:
        """Search for a frequent word, two words together, or one that there is nowhere."""
        words = random.choice((random.choice(WORDS), " ".join(random.sample(WORDS, 2)), "qqxyz"))
        self.client.get("/api/products/", params={"search": words}, name="search")
