"""What needs attention, as lines of one list: the worst first, and one line for many of a kind. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# More than this of a kind share a line.
MOST_OF_A_KIND = 2
# The order of the list.
WEIGHTS = {"bad": 0, "warn": 1}


@dataclass(frozen=True, slots=True)
class Kind:
    """Notices of the same sort: of many, `many` is said with their number, and a link to their list."""

    many: str
    url: str
    todo: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention: how bad it is, a sentence, and a link to where it can be dealt with.

    The key names what it is about and this occurrence of it, so that one who dismisses it is told of the next.
    """

    level: str
    text: str
    key: str
    at: datetime
    url: str = ""
    todo: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: one notice, or many of a kind, with the keys to dismiss them by."""

    level: str
    text: str
    keys: list[str]
    at: datetime
    url: str
    todo: str


def lines(notices: Iterable[Notice]) -> list[Line]:
    """The list of `notices`: the worst first, and of those the newest."""
    kinds: dict[Kind | str, list[Notice]] = defaultdict(list)
    for notice in notices:
        kinds[notice.kind or notice.key].append(notice)
    shown: list[Line] = []
    for kind, alike in kinds.items():
        if isinstance(kind, Kind) and len(alike) > MOST_OF_A_KIND:
            shown.append(_of_many(kind, alike))
        else:
            shown += [Line(n.level, n.text, [n.key], n.at, n.url, n.todo) for n in alike]
    return sorted(shown, key=lambda line: (WEIGHTS[line.level], -line.at.timestamp()))


def _of_many(kind: Kind, alike: list[Notice]) -> Line:
    newest = max(notice.at for notice in alike)
    text = kind.many.format(number=len(alike))
    return Line(alike[0].level, text, [notice.key for notice in alike], newest, kind.url, kind.todo)
