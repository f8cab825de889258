from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0007_plans_cool_off")]

    operations = [
        migrations.CreateModel(
            name="OpenRun",
            fields=[
                ("code", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("account_id", models.BigIntegerField()),
                ("version", models.PositiveIntegerField()),
                ("since", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "open run of the purge",
                "verbose_name_plural": "open runs of the purge",
            },
        ),
    ]
