"""Faults of receivers of webhooks: one that hangs, one that dies, one that responds with 500. Others do not suffer."""

from __future__ import annotations

import time

from tests.faults.world import World

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


def _bad_for_a_while(world: World, mode: str) -> float:
    world.receiver.mode = mode
    time.sleep(BAD_SECONDS)
    world.receiver.mode = "ok"
    return time.monotonic()
