import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0019_fields_of_forms"), ("privacy", "0017_keys_of_answers")]

    operations = [
        migrations.CreateModel(
            name="CoolingOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("chat", "chat transcripts"),
                            ("chat_file", "files of chats"),
                            ("ticket", "tickets"),
                            ("ticket_file", "files of tickets"),
                            ("contact", "contacts with nothing left"),
                            ("technical", "technical data"),
                            ("consent", "evidence of consent"),
                            ("access", "sessions and access logs"),
                            ("request", "requests of people"),
                            ("mail", "outgoing mail"),
                            ("export", "exports"),
                            ("report", "anonymous figures"),
                        ],
                        max_length=16,
                        verbose_name="category",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("former", models.JSONField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cooling_offs",
                        to="helpdesk.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "cooling-off",
                "verbose_name_plural": "cooling-offs",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "category"), name="one_cooling_off_a_category")
                ],
            },
        ),
    ]
