import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.fields
import privacy.encryption.rows
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_chats_that_became_tickets"),
        ("helpdesk", "0009_page_slips_and_technical_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="files_sent",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="ChatFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=privacy.encryption.rows.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key_id", models.UUIDField(db_index=True, editable=False)),
                ("name", privacy.encryption.fields.SealedCharField(verbose_name="file name")),
                ("stored_as", models.CharField(max_length=64, unique=True)),
                ("size", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("kind", privacy.encryption.fields.SealedCharField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="helpdesk.account"
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="chat.conversation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="chat.message"
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a chat",
                "verbose_name_plural": "files of chats",
                "ordering": ["created_at", "id"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
    ]
