"""No code but `products/editing.py` saves or deletes a product: found by reading the code of every app."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

APPS = ("products", "imports", "webhooks", "acme_importer")
# Imports write through a model of their own, `ProductRow`, which this does not look for.
ALLOWED = {"products/editing.py", "imports/writing/catalogue.py", "imports/writing/overlaps.py"}
WRITES = {"save", "delete", "update", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"}
WRITES |= {f"a{name}" for name in WRITES} | {"_raw_delete"}
# In the catalogue every form, serializer and query is of products. Django's admin saves and deletes by the last three.
OWN_WRITES = {"save", "asave", "delete", "adelete", "save_model", "delete_model", "delete_queryset"}


class Writes(ast.NodeVisitor):
    """The lines of a module that write products, as far as its text tells.

    A name stands for products if it is `Product`, under any name that it is imported by, if it is annotated so, or if
    it is assigned from, looped over or unpacked from such a name.
    """

    def __init__(self, source: str, *, of_the_catalogue: bool) -> None:
        self.lines: set[int] = set()
        self.of_the_catalogue = of_the_catalogue
        self.names = {"Product"}
        self.tree = ast.parse(source)
        # As often as names can be handed on.
        while True:
            before = len(self.names)
            for node in ast.walk(self.tree):
                self.learn(node)
            if len(self.names) == before:
                break
        self.visit(self.tree)

    def learn(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom() | ast.Import():
                self.names |= {alias.asname for alias in node.names if alias.asname and alias.name.endswith("Product")}
            case ast.arg(annotation=ast.expr() as annotation) if self.mentions(annotation):
                self.names.add(node.arg)
            case ast.AnnAssign() if self.mentions(node.annotation):
                self.names |= set(named(node.target))
            case ast.Assign() if self.is_of_products(node.value):
                self.names |= {name for target in node.targets for name in named(target)}
            case ast.NamedExpr() if self.is_of_products(node.value):
                self.names |= set(named(node.target))
            case ast.For() | ast.AsyncFor() | ast.comprehension() if self.is_of_products(node.iter):
                self.names |= set(named(node.target))

    def mentions(self, annotation: ast.expr) -> bool:
        text = ast.unparse(annotation)
        return any(part in self.names for part in "".join(c if c.isidentifier() else " " for c in text).split())

    def is_of_products(self, value: ast.expr) -> bool:
        """Whether an expression begins with such a name: `Product.objects.filter(…)[0]`, `Product(…)`."""
        if isinstance(value, ast.Tuple):
            return any(map(self.is_of_products, value.elts))
        while isinstance(value, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
            if isinstance(value, ast.Attribute) and value.attr in self.names and value.attr[0].isupper():
                return True
            if isinstance(value, ast.Call) and gets_the_model(value):
                return True
            value = value.func if isinstance(value, ast.Call) else value.value
        return isinstance(value, ast.Name) and value.id in self.names

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            method, of = node.func.attr, node.func.value
            if method in WRITES and self.is_of_products(of):
                self.lines.add(node.lineno)
            if self.of_the_catalogue and method in OWN_WRITES and not is_exempt(of, method):
                self.lines.add(node.lineno)
        self.generic_visit(node)


def named(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def gets_the_model(call: ast.Call) -> bool:
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    is_getter = isinstance(call.func, ast.Attribute) and call.func.attr == "get_model"
    return is_getter and bool(texts) and str(texts[-1]).lower().endswith("product")


def is_exempt(of: ast.expr, method: str) -> bool:
    """Whether this calls `editing`, or extends a method of Django's, as `Product.save` does: its callers are found."""
    if isinstance(of, ast.Name):
        return of.id == "editing"
    # The notes for the search index and sets of changes, which are no products.
    if ast.unparse(of).startswith(
        ("SearchChange.objects.", "ChangeSet.objects.", "ChangeBlock.objects.", "Farewell.objects.")
    ):
        return True
    extends = isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"
    return extends and method in ("save", "delete")


def writes(source: str, *, of_the_catalogue: bool = False) -> set[int]:
    return Writes(source, of_the_catalogue=of_the_catalogue).lines


def modules() -> list[str]:
    paths = [path for app in APPS for path in (Path(settings.BASE_DIR) / app).rglob("*.py")]
    return sorted(str(path.relative_to(settings.BASE_DIR)) for path in paths if "migrations" not in path.parts)


@pytest.mark.parametrize("module", modules())
def test_no_other_code_writes_products(module):
    found = writes((Path(settings.BASE_DIR) / module).read_text(), of_the_catalogue=module.startswith("products/"))

    if module in ALLOWED:
        assert found, "What this looks for is not found even where it is."
    else:
        assert not found, f"{module} writes products in the lines {sorted(found)}; call products.editing instead."


@pytest.mark.parametrize(
    "source",
    [
        "Product.objects.create(sku='A')",
        "Product(sku='A').save()",
        "Product.objects.filter(pk=1).update(name='x')",
        "Product.objects.all().delete()",
        "models.Product.objects.bulk_create([])",
        "Product._default_manager.bulk_update([], ['name'])",
        "from products.models import Product as P\nP.objects.get_or_create(sku='A')",
        "import products.models\nproducts.models.Product.objects.update_or_create(sku='A')",
        "def f(product: Product):\n    product.save()",
        "def f(found: QuerySet[Product]):\n    found.update(name='x')",
        "def f(found: 'Product | None'):\n    found.delete()",
        "found = Product.objects.filter(name='x')\nfewer = found.exclude(pk=1)\nfewer.delete()",
        "for one in Product.objects.all():\n    one.name = 'x'\n    one.save(update_fields=['name'])",
        "[one.delete() for one in Product.objects.all()]",
        "if product := Product.objects.first():\n    product.delete()",
        "product, created = Product.objects.first(), 1\nproduct.save()",
        "async def f():\n    await Product.objects.acreate(sku='A')",
        "apps.get_model('products', 'Product').objects.create()",
        "apps.get_model('products.Product').objects.create()",
    ],
)
def test_code_that_writes_products_is_found(source):
    assert writes(source)


@pytest.mark.parametrize(
    "source", ["form.save()", "serializer.save()", "instance.delete()", "self.get_object().delete()"]
)
def test_in_the_catalogue_whatever_is_saved_is_a_product(source):
    assert writes(source, of_the_catalogue=True)
    assert not writes(source)


@pytest.mark.parametrize(
    "source",
    [
        "Product.objects.filter(pk=1).count()",
        "ProductRow.objects.bulk_create([])",
        "def f(job: ImportJob):\n    job.save()",
        "found = Product.objects.count()\nothers = {}\nothers.update(a=1)",
        "editing.delete(product, editor)",
        "class Product:\n    def save(self):\n        super().save()",
    ],
)
def test_other_code_is_not_found(source):
    assert not writes(source)
