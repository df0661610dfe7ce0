"""The words of the index with their spellings, as SQLite shows them: nothing is stored for it."""

from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("CREATE VIRTUAL TABLE products_vocabulary USING fts5vocab(products_words, 'row')")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE products_vocabulary")


class Migration(migrations.Migration):
    dependencies = [("products", "0003_history")]

    operations = [migrations.RunPython(create, drop)]
