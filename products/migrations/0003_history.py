"""How PostgreSQL stores the blocks of the history, which no model can say."""

from django.db import migrations


def store_as_they_are(apps, schema_editor):
    """Blocks are compressed already: PostgreSQL would try to do it again, in vain."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE products_changeblock ALTER COLUMN data SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    dependencies = [("products", "0002_search_index")]

    operations = [migrations.RunPython(store_as_they_are, migrations.RunPython.noop)]
