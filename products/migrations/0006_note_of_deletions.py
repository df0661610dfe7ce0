from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("products", "0005_vocabulary_on_postgresql")]

    operations = [migrations.AddField("searchchange", "deleted", models.TextField(null=True))]
