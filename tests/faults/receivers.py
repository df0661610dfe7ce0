"""Faults of receivers of webhooks: one that hangs, one that dies, one that responds with 500, one that is disabled."""

from __future__ import annotations

import time

from tests.faults.world import World
from tests.webhooks.factories import PRODUCT
from webhooks import replays
from webhooks.events import emit

# Shorter than the pause before the second attempt: after that one would come five minutes.
BAD_SECONDS = 3.0


def hangs(world: World) -> float:
    return _bad_for_a_while(world, "hang")


def responds_500(world: World) -> float:
    return _bad_for_a_while(world, "500")


def dies(world: World) -> float:
    world.receiver.die()
    time.sleep(BAD_SECONDS)
    world.receiver.start()
    return time.monotonic()


def disabled(world: World) -> float:
    """The endpoint is disabled; what happens meanwhile is held, and sent when it is enabled again."""
    endpoint = world.receiver.endpoint
    endpoint.refresh_from_db()
    endpoint.disable()
    end = time.monotonic() + BAD_SECONDS
    while time.monotonic() < end:
        emit("product.created", PRODUCT)
        time.sleep(0.1)
    endpoint.refresh_from_db()
    endpoint.enable()
    assert replays.start(endpoint, None, only_held=True)
    return time.monotonic()


def _bad_for_a_while(world: World, mode: str) -> float:
    world.receiver.mode = mode
    time.sleep(BAD_SECONDS)
    world.receiver.mode = "ok"
    return time.monotonic()
