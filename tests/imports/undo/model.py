"""The rules of undo, written down a second time as plainly as can be: a catalogue, and what each job did to it.

Made from the issue's words and without the importer's code: what both agree on is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FIELDS = ("sku", "name", "description", "price", "is_active", "extra")
Product = dict[str, Any]
# Who has given a field its value, and when; None is somebody by hand.
Hand = None


@dataclass
class Effect:
    """What a job did to one product: how it was before, and after; None where there was none.

    `wrote` are the fields that some row has changed, even if another has changed them back.
    """

    before: Product | None
    after: Product | None
    wrote: set[str] = field(default_factory=set)


@dataclass
class Catalogue:
    """Products by their SKU, and all that has ever been done to them."""

    products: dict[str, Product] = field(default_factory=dict)
    # By SKU and field: the time of the last change, and by which job. `doubtful` ones changed a value back and forth,
    # and whether that counts as a change depends on how the file was cut.
    changes: dict[str, dict[str, tuple[int, int | None]]] = field(default_factory=dict)
    doubtful: dict[str, set[str]] = field(default_factory=dict)
    renamed: set[str] = field(default_factory=set)
    effects: dict[int, dict[str, Effect]] = field(default_factory=dict)
    time: int = 0

    def put(self, product: Product, by: int | None) -> None:
        """Create a product, or change it to this."""
        self.time += 1
        key = same(product["sku"])
        before = self.products.get(key)
        given = self.changes.setdefault(key, {})
        for name in FIELDS:
            if before is None or before[name] != product[name]:
                given[name] = self.time, by
        self.products[key] = dict(product)

    def remove(self, key: str, *, renamed: bool = False) -> Product:
        """Take a product away: it is deleted, or has another SKU from now on."""
        self.time += 1
        self.changes.pop(key)
        (self.renamed.add if renamed else self.renamed.discard)(key)
        return self.products.pop(key)

    def run_import(self, number: int, rows: list[Product]) -> None:
        """Read a file row by row. A row has no value for a column that the file lacks."""
        before = {key: dict(product) for key, product in self.products.items()}
        wrote: dict[str, set[str]] = {}
        for row in rows:
            key = same(row["sku"])
            now = self.products.get(key)
            whole: Product = {"description": "", "price": None, "is_active": True, "extra": {}} | (now or {}) | row
            whole["extra"] = {**(now or {"extra": {}})["extra"], **row.get("extra", {})}
            if whole != now:
                changed = {name for name in FIELDS if now is None or now[name] != whole[name]}
                wrote.setdefault(key, set()).update(changed)
                self.products[key] = whole
        after = self.products
        self.products = before
        self.effects[number] = {
            key: Effect(dict(before[key]) if key in before else None, dict(after[key]), wrote[key]) for key in wrote
        }
        for key, effect in self.effects[number].items():
            back_and_forth = {name for name in wrote[key] if effect.before and effect.before[name] == after[key][name]}
            self.put(after[key], number)
            self.doubtful.setdefault(key, set()).update(back_and_forth)

    def undo(self, number: int, undone: int, skus: set[str], fields: set[str], *, preview: bool) -> dict[str, set[str]]:
        """Undo a job; returns the classes that each of its products may be in: one, unless that is in doubt."""
        classes: dict[str, set[str]] = {}
        effects: dict[str, Effect] = {}
        for key, effect in self.effects[undone].items():
            if skus and key not in skus:
                continue
            now = self.products.get(key)
            if effect.before is not None and effect.after is not None:
                found, then = self._restored(key, effect, fields)
            elif fields:
                continue
            elif effect.after is None:
                found, then = self._whole(key, effect.before, "created_again" if now is None else "already_so")
                then = effect.before if found == {"created_again"} else now
            else:
                absent = "gone" if key in self.renamed else "already_so"
                found, then = self._whole(key, effect.after, absent if now is None else "deleted")
                then = None if found == {"deleted"} else now
            classes[key] = found
            if then != now:
                wrote = {name for name in FIELDS if not now or not then or now[name] != then[name]}
                effects[key] = Effect(now and dict(now), then and dict(then), wrote)
        if not preview:
            self.effects[number] = effects
            for key, effect in effects.items():
                if effect.after is None:
                    self.remove(key)
                else:
                    self.put(effect.after, number)
        return {key: found for key, found in classes.items() if found != {"not_selected"}}

    def _restored(self, key: str, effect: Effect, fields: set[str]) -> tuple[set[str], Product | None]:
        """A product that was changed: each field by itself."""
        before, after, now = effect.before or {}, effect.after or {}, self.products.get(key)
        wrote = effect.wrote & fields if fields else effect.wrote
        changed = {name for name in wrote if before[name] != after[name]}
        if fields and not changed:
            # Changed back and forth within the file, or not at all.
            found = {"gone" if now is None else "already_so"} if wrote else set()
            return found | {"not_selected"}, now
        if now is None:
            return {"gone"}, None
        restored = {name for name in changed if now[name] == after[name]}
        kept = {name for name in changed if now[name] not in (before[name], after[name])}
        if restored:
            return {"restored"}, now | {name: before[name] for name in restored}
        return (self._who(key, kept) if kept else {"already_so"}), now

    def _whole(self, key: str, values: Product | None, otherwise: str) -> tuple[set[str], Product | None]:
        """A product that was created or deleted: all of it, or nothing."""
        now = self.products.get(key)
        differing = {name for name in FIELDS if now and values and now[name] != values[name]}
        return (self._who(key, differing) if differing else {otherwise}), now

    def _who(self, key: str, fields: set[str]) -> set[str]:
        """Who has changed one of these fields last."""
        if fields & self.doubtful.get(key, set()):
            return {"edited_since", "changed_later"}
        _, by = max(self.changes[key][name] for name in fields)
        return {"edited_since"} if by is Hand else {"changed_later"}


def same(sku: str) -> str:
    """What two spellings of one SKU have in common."""
    return sku.casefold()
