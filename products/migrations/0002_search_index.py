"""The table of the search index, which no model describes: a virtual one on SQLite, a `tsvector` on PostgreSQL."""

from django.db import migrations
from django.db.models import Max, Min

# Words are given with a space between them, and nothing else of them is ASCII but letters and digits, so `ascii` keeps
# them whole. Where a word stands is asked by nobody, nor how long a text is.
SQLITE = (
    "CREATE VIRTUAL TABLE products_words USING fts5(words, tokenize='ascii', detail='none', columnsize=0)",
)
POSTGRESQL = (
    "CREATE TABLE products_words (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX products_words_words ON products_words USING gin (words)",
    # A note lives for seconds, and compressing it would take a chunk three times as long as storing it.
    "ALTER TABLE products_searchchange ALTER COLUMN skus SET STORAGE EXTERNAL",
)


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def note_products(apps, schema_editor):
    """Have the products that there are taken into the index, by the schedule."""
    ends = apps.get_model("products", "Product").objects.aggregate(first=Min("id"), last=Max("id"))
    if ends["first"] is not None:
        apps.get_model("products", "SearchChange").objects.create(
            first_id=ends["first"], last_id=ends["last"], number=ends["last"] - ends["first"] + 1
        )


class Migration(migrations.Migration):
    dependencies = [("products", "0001_initial")]

    operations = [
        migrations.RunPython(create, lambda apps, schema_editor: schema_editor.execute("DROP TABLE products_words")),
        migrations.RunPython(note_products, migrations.RunPython.noop),
    ]
