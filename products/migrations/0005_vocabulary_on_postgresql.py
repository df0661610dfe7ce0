"""The words of the index on PostgreSQL as well, which has no view of them: a table that the index itself keeps.

By a trigger, so that it has the words of every writer, those of a version that does not know of it included.
"""

from django.db import migrations

# Of a word with a digit there is what stands before it, and a zero: SKUs are as many as products, and it is enough to
# know that such words begin so. A word stays when its last product goes; it finds nothing then.
TERMS = """
    SELECT DISTINCT regexp_replace(word, '[0-9].*', '0') AS term
    FROM (SELECT DISTINCT word FROM {words}, unnest(tsvector_to_array(words)) AS word) AS words
"""
STATEMENTS = (
    # Compared code point by code point, as the words that begin with a text are asked for.
    'CREATE TABLE products_vocabulary (term text COLLATE "C" PRIMARY KEY)',
    # In one order, lest two writers wait for each other.
    f"""
    CREATE FUNCTION products_note_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO products_vocabulary (term) {TERMS.format(words="written")} ORDER BY term ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER inserted_words AFTER INSERT ON products_words REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION products_note_words()
    """,
    """
    CREATE TRIGGER updated_words AFTER UPDATE ON products_words REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION products_note_words()
    """,
    f"INSERT INTO products_vocabulary (term) {TERMS.format(words='products_words')} ON CONFLICT DO NOTHING",
)
BACK = (
    "DROP TRIGGER inserted_words ON products_words",
    "DROP TRIGGER updated_words ON products_words",
    "DROP FUNCTION products_note_words()",
    "DROP TABLE products_vocabulary",
)


def _execute(statements):
    def execute(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return execute


class Migration(migrations.Migration):
    dependencies = [("products", "0004_search_vocabulary")]

    operations = [migrations.RunPython(_execute(STATEMENTS), _execute(BACK))]
