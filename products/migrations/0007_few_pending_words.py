"""PostgreSQL keeps few words for later: each search reads those that are not in the index yet, one after the other.

With up to 4 MB of them, its default, a search took 3 to 5 ms longer at a million products, while it follows an import;
the follower takes as long either way, and its longest batch 179 ms instead of 298.
"""

from django.db import migrations


def _execute(statement):
    def execute(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement)

    return execute


class Migration(migrations.Migration):
    dependencies = [("products", "0006_note_of_deletions")]

    operations = [
        migrations.RunPython(
            _execute("ALTER INDEX products_words_words SET (gin_pending_list_limit = 256)"),
            _execute("ALTER INDEX products_words_words RESET (gin_pending_list_limit)"),
        )
    ]
