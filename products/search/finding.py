"""Finding products by words: through the index, and what it does not have yet by reading it, if that is little."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from acme_importer.texts import duration
from products.models import Product
from products.search import index
from products.search.changes import Pending, pending, pending_since
from products.search.words import beginnings_of, matches, words_of

# So many are found before anything else is asked of them, in one scan of the index: a list of ids is what no database
# plans wrongly, and a page of them and their number are read in a few milliseconds. It is what lists are counted up to.
# More are found in one query with all else, which then need not find them all.
LISTED = 10_000
# The words of a longer description are not all in the index.
DESCRIPTION_READ = 10_000


class IndexBehindError(Exception):
    """A search is not exact enough at the moment for what is to be done to all that it finds."""


def having_words(products: QuerySet[Product], search: str) -> QuerySet[Product]:
    """Those of `products` in which each word of `search` is how a word begins; without a letter or digit none.

    Of more changed products than a search reads itself, it goes by what they were: see `notice`.
    """
    beginnings = beginnings_of(search)
    if not beginnings:
        return products.none()
    # Before the index: what it takes in from here on is found twice, not missed.
    waiting = pending()
    changed, matching = _read(waiting, beginnings)
    found = index.find(beginnings, LISTED + 1)
    if found.count <= LISTED:
        return products.filter(pk__any_of=found.ids() - changed | matching if changed else found.written)
    has_words = index.HasWords(F("pk"), found, may_be_deleted=waiting.has_deleted)
    if not changed:
        return products.filter(has_words)
    return products.filter(Q(has_words) & ~Q(pk__any_of=changed - matching) | Q(pk__any_of=matching))


def part_of(products: QuerySet[Product], first: int, last: int) -> list[Product]:
    """`products[first:last]`, by looking at those only that a search for frequent words named first, if that tells.

    SQLite would fetch and sort all that the words find for a page of them.
    """
    lookups = _lookups(products)
    if lookups and connection.vendor == "sqlite" and _are_by_id(products):
        # Of the products with lower ids than the last of these there are no others.
        highest = min(lookup.rhs.highest for lookup in lookups)
        found = list(_among_first(products, lookups)[first:last])
        if len(found) == last - first and found[-1].pk <= highest:
            return found
    return list(products[first:last])


def are_at_least(products: QuerySet[Product], number: int) -> bool:
    """Whether `products` are seen to be so many by looking at those only that a search for frequent words named first.

    Where that is false, they may be so many all the same, and have to be counted.
    """
    lookups = _lookups(products)
    if len(lookups) == 1 and lookups == list(products.query.where.leaves()) and not lookups[0].may_be_deleted:
        return lookups[0].rhs.count >= number
    return bool(lookups) and _among_first(products.order_by(), lookups).values("pk")[:number].count() == number


def _lookups(products: QuerySet[Product]) -> list[index.HasWords]:
    """What of a search for frequent words is in the query of `products`; empty if there is none."""
    return [leaf for leaf in products.query.where.leaves() if isinstance(leaf, index.HasWords)]


def _among_first(products: QuerySet[Product], lookups: list[index.HasWords]) -> QuerySet[Product]:
    """Those of `products` that these lookups named first."""
    first = products.all()
    first.query.where = first.query.where.replace_expressions({each: each.among_first() for each in lookups})
    return first


def _are_by_id(products: QuerySet[Product]) -> bool:
    """Whether these are in the order of their ids, which is the usual one."""
    query = products.query
    usual = Product._meta.ordering if query.default_ordering else ()
    return list(query.order_by or usual or ()) in (["id"], ["pk"])


def notice() -> str | None:
    """What is to be said of a search now: that it may miss what has changed since when. None where it is exact."""
    waiting = pending()
    if waiting.is_few or (since := pending_since()) is None:
        return None
    return (
        f"The search index is behind: up to {waiting.number:,} products that changed in the last "
        f"{_age(since)} are not in it yet and may be missing, or found by what they were."
    )


def check_exact() -> None:
    """Raise IndexBehindError where a search may find products that no longer match."""
    if said := notice():
        raise IndexBehindError(f"{said} Try again when it has caught up, or select the products in another way.")


def words_by_id(products: QuerySet[Product]) -> dict[int, set[str]]:
    """The words of each of `products`, read from the catalogue."""
    texts = products.order_by().values_list("pk", "sku", "name", Left("description", DESCRIPTION_READ))
    return {pk: words_of(those) for pk, *those in texts}


def _read(waiting: Pending, beginnings: list[str]) -> tuple[set[int], set[int]]:
    """The ids of the few products that the index does not have as they are, and of those of them that match."""
    if not waiting.skus:
        return set(), set()
    words = words_by_id(Product.objects.filter(sku_normalized__any_of=set(waiting.skus)))
    return set(words), {pk for pk, those in words.items() if matches(beginnings, those)}


def _age(since: datetime) -> str:
    return duration(max((timezone.now() - since).total_seconds(), 1))
