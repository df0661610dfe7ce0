"""A server in this process that speaks the protocol of S3, and the product's files in a bucket of it."""

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from acme_importer.settings import upload_storage
from tests.settings import FOLDER

URL = "s3://uploads/of/tests"


def start(address: str = "127.0.0.1") -> tuple[ThreadedMotoServer, dict[str, str]]:
    """Start the server; returns it, and the environment of processes that keep uploads there. The caller stops it."""
    server = ThreadedMotoServer(address, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "UPLOAD_STORAGE": URL,
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return server, variables


def create_bucket(variables: dict[str, str]) -> None:
    """Create the bucket, empty, whatever earlier tests of this process have stored. Its environment is set already."""
    requests.post(f"{variables['AWS_ENDPOINT_URL_S3']}/moto-api/reset", timeout=10)
    boto3.client("s3").create_bucket(Bucket="uploads")


def put_uploads_on_s3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> ThreadedMotoServer:
    """Start the server and let this process, and those that it starts, keep uploads there. The caller stops it."""
    server, variables = start()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    create_bucket(variables)
    settings.STORAGES = {**settings.STORAGES, "default": upload_storage(URL, FOLDER)}
    return server


def stored_keys() -> list[str]:
    """The names of all objects in the bucket."""
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="uploads").get("Contents", [])]
