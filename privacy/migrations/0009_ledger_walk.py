from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0008_open_runs")]

    operations = [
        migrations.CreateModel(
            name="LedgerWalk",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("walked_at", models.DateTimeField(null=True)),
                ("entries", models.BigIntegerField(default=0)),
                ("head", models.CharField(blank=True, max_length=64)),
                ("broken_at", models.DateTimeField(null=True)),
                ("broken_seq", models.BigIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "walk through the ledger",
                "verbose_name_plural": "walks through the ledger",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_ledger_walk")
                ],
            },
        ),
    ]
