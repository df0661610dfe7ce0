"""The receiver of the documentation that keeps a copy: in whatever order events arrive, and however often."""

import json
import random
import re
from typing import Any

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer

from products import editing
from products.api.serializers import ProductSerializer
from products.editing import Editor
from products.models import Product
from tests.webhooks.factories import answering, dispatch, make_endpoint
from webhooks import replays, tasks
from webhooks.models import Delivery, Replay

pytestmark = pytest.mark.django_db
NOBODY = Editor()


def receiver_of_the_documentation() -> dict[str, Any]:
    blocks = re.findall(r"```python\n(.*?)```", (settings.BASE_DIR / "docs/webhooks.md").read_text(), re.DOTALL)
    [code] = [block for block in blocks if "def take" in block]
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def edit(chance: random.Random) -> None:
    """Create, change or delete some product."""
    products = list(Product.objects.all())
    match chance.choice(["create", "update", "update", "update", "delete"]):
        case "create":
            editing.create(Product(sku=f"S-{chance.random()}", name="New"), NOBODY)
        case "update" if products:
            product = chance.choice(products)
            product.name = f"Name {chance.random()}"
            editing.update(product, ["name"], NOBODY)
        case "delete" if products:
            editing.delete(chance.choice(products), NOBODY)


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_is_right_in_the_end_although_the_endpoint_was_disabled_and_all_was_replayed_twice(
    httpserver: HTTPServer, seed: int
) -> None:
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"))
    chance = random.Random(seed)
    for turn in range(60):
        edit(chance)
        if turn == 20:
            endpoint.disable()
        if turn == 40:
            endpoint.enable()
    for _ in range(2):
        replays.start(endpoint, None)
        tasks.replay(Replay.objects.latest("id").pk)
        while Delivery.objects.exclude(status="delivered").exists():
            dispatch()

    requests = [request for request, _ in httpserver.log]
    chance.shuffle(requests)
    receiver = receiver_of_the_documentation()
    for request in requests:
        receiver["take"](request.headers["webhook-id"], request.json)

    assert len(receiver["handled"]) < len(requests)
    shown = {product.pk: json.loads(json.dumps(ProductSerializer(product).data)) for product in Product.objects.all()}
    assert receiver["products"] == shown
