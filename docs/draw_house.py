"""Draws docs/images/house.svg: the rooms of the code, each above everything that it imports.

    python docs/draw_house.py            # draws it again
    python docs/draw_house.py --check    # fails if the picture is not what the imports say

Reads the source only; nothing is imported, and nothing but Python is needed.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "house.svg"
# Packages that Django wants, with nothing in them.
PACKAGES = (("management", "__init__"), ("commands", "__init__"), ("templatetags", "__init__"))
# A column of the picture each.
APPS = ("webhooks", "products", "imports", "acme_importer")
# Rooms that face a user, a program or a terminal. No other room imports them.
FACES = ("api", "dashboard", "commandline", "commands")
# Django looks for these by name; they belong to the room whose work they do.
DOORS = {"admin": "dashboard", "templatetags": "dashboard"}

BOX_WIDTH, BOX_GAP, COLUMN_GAP, FLOOR_GAP = 208, 16, 34, 44
LINE_HEIGHT, PADDING, MARGIN = 15, 12, 20
# So many characters of file names fit on a line of a box.
LINE_LENGTH = 32

STYLE = """
  text { font: 11px ui-sans-serif, system-ui, sans-serif; fill: #57606a }
  .room { fill: #f6f8fa; stroke: #8c959f }
  .name { font-weight: 600; font-size: 13px; fill: #1f2328 }
  .arrow { fill: none; stroke: #6e7781; stroke-opacity: .55; stroke-width: 1.2 }
  .head { fill: #6e7781 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .room { fill: #151b23; stroke: #656c76 }
    .name { fill: #f0f6fc }
    .arrow { stroke: #9198a1 }
    .head { fill: #9198a1 }
  }
"""

Graph = dict[str, set[str]]


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name, without migrations."""
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts and parts[-2:] not in PACKAGES:
                found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imported_by(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the product that a file imports when the program runs; imports for type checkers do not count."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in inside]
        else:
            continue
        yield from (name for name in names if name in known)


def room_of(module: str) -> str:
    """The folder that a module belongs to, or its app for what stands at the top of the app."""
    app, *rest = module.split(".")
    if not rest:
        return app
    if rest[0] == "management":
        return f"{app}/commandline" if app == "imports" else f"{app}/commands"
    if rest[0] in DOORS:
        return f"{app}/{DOORS[rest[0]]}"
    return f"{app}/{rest[0]}" if (ROOT / app / rest[0]).is_dir() else app


def ground_of(app: str, imports: Graph) -> set[str]:
    """The modules at the top of an app that its inner rooms stand on, such as models: drawn as a room of their own."""
    inner = {m for m in imports if room_of(m).startswith(f"{app}/") and room_of(m).split("/")[1] not in FACES}
    ground: set[str] = set()
    open_ends = list(inner)
    while open_ends:
        for target in imports[open_ends.pop()]:
            if room_of(target) == app and target not in ground and target != app:
                ground.add(target)
                open_ends.append(target)
    return ground


def rooms(imports: Graph) -> dict[str, list[str]]:
    """The modules of each room; a room that has only its docstring is not drawn."""
    ground = {app: ground_of(app, imports) for app in APPS if app != "acme_importer"}
    found: dict[str, list[str]] = defaultdict(list)
    for module in imports:
        room = room_of(module)
        if module != room.replace("/", "."):
            app = module.split(".")[0]
            found[f"{app} (ground)" if module in ground.get(app, ()) else room].append(module)
    return dict(found)


def needs_of(rooms: dict[str, list[str]], imports: Graph) -> Graph:
    """Which rooms each room imports from."""
    room = {module: name for name, members in rooms.items() for module in members}
    return {
        name: {room[target] for member in members for target in imports[member] if target in room} - {name}
        for name, members in rooms.items()
    }


def reachable(start: str, graph: Graph) -> set[str]:
    """Everything that `start` stands on, directly or not."""
    seen: set[str] = set()
    ends = list(graph[start])
    while ends:
        node = ends.pop()
        if node not in seen:
            seen.add(node)
            ends += graph[node]
    return seen


def floors_of(graph: Graph) -> dict[str, int]:
    """The floor of each room: one above the highest that it needs. Rooms that need each other share one."""
    below = {room: {other for other in reachable(room, graph) if room not in reachable(other, graph)} for room in graph}
    floors: dict[str, int] = {}
    # What stands on fewer rooms comes first, so everything below a room has its floor by then.
    for room in sorted(graph, key=lambda name: len(below[name])):
        floors[room] = 1 + max((floors[other] for other in below[room]), default=-1)
    for room in graph:
        together = [other for other in reachable(room, graph) if room in reachable(other, graph)]
        floors[room] = max([floors[room], *(floors[other] for other in together)])
    return floors


def direct(graph: Graph) -> Iterator[tuple[str, str]]:
    """The arrows worth drawing: those that do not follow from others."""
    for room, needs in sorted(graph.items()):
        for need in sorted(needs):
            others = (other for other in needs - {need} if room not in reachable(other, graph))
            if not any(need in reachable(other, graph) for other in others):
                yield room, need


def lines_of(members: list[str]) -> list[str]:
    """The names of a room's files, wrapped to the width of a box."""
    lines = [""]
    for name in sorted({member.split(".")[-1] for member in members}):
        if lines[-1] and len(lines[-1]) + len(name) + 2 > LINE_LENGTH:
            lines[-1] += ","
            lines.append("")
        lines[-1] += f", {name}" if lines[-1] else name
    return lines


def draw() -> str:
    """The picture as SVG."""
    known = modules()
    imports: Graph = {name: set(imported_by(path, known)) - {name} for name, path in known.items()}
    plan = rooms(imports)
    graph = needs_of(plan, imports)
    floors = floors_of(graph)
    texts = {room: lines_of(members) for room, members in plan.items()}
    heights = {room: LINE_HEIGHT * (len(lines) + 1) + 2 * PADDING for room, lines in texts.items()}

    cells: dict[tuple[int, str], list[str]] = defaultdict(list)
    for room in sorted(plan):
        cells[floors[room], room.split("/")[0].split(" ")[0]].append(room)
    left, x = {}, MARGIN
    for app in APPS:
        widest = max(len(cells.get((floor, app), ())) for floor in set(floors.values()))
        left[app] = x
        x += widest * (BOX_WIDTH + BOX_GAP) - BOX_GAP + COLUMN_GAP
    width = x - COLUMN_GAP + MARGIN

    places: dict[str, tuple[int, int]] = {}
    y = MARGIN
    for floor in sorted(set(floors.values()), reverse=True):
        for app in APPS:
            for position, room in enumerate(cells.get((floor, app), ())):
                places[room] = (left[app] + position * (BOX_WIDTH + BOX_GAP), y)
        y += max(heights[room] for room in plan if floors[room] == floor) + FLOOR_GAP
    height = y - FLOOR_GAP + MARGIN

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>The rooms of the code; each imports only what arrows lead to, and what these import</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for room, need in direct(graph):
        (x1, y1), (x2, y2) = places[room], places[need]
        start, end = (x1 + BOX_WIDTH // 2, y1 + heights[room]), (x2 + BOX_WIDTH // 2, y2 - 2)
        bend = max(24, (end[1] - start[1]) // 2)
        parts.append(
            f'<path class="arrow" marker-end="url(#head)" d="M{start[0]} {start[1]} C{start[0]} {start[1] + bend}'
            f' {end[0]} {end[1] - bend} {end[0]} {end[1]}"/>'
        )
    for room, (x1, y1) in sorted(places.items()):
        parts.append(
            f'<rect class="room" x="{x1}" y="{y1}" width="{BOX_WIDTH}" height="{heights[room]}" rx="6"/>'
            f'<text class="name" x="{x1 + PADDING}" y="{y1 + PADDING + 11}">{escape(room)}</text>'
        )
        parts += (
            f'<text x="{x1 + PADDING}" y="{y1 + PADDING + 11 + LINE_HEIGHT * number}">{escape(line)}</text>'
            for number, line in enumerate(texts[room], start=1)
        )
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Draw the picture, or check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="draw nothing; fail if the picture is out of date")
    picture = draw()
    if not parser.parse_args().check:
        PICTURE.write_text(picture)
    elif not PICTURE.exists() or PICTURE.read_text() != picture:
        sys.exit("docs/images/house.svg is out of date. Draw it again: python docs/draw_house.py")


if __name__ == "__main__":
    main()
