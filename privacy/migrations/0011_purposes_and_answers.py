import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import privacy.texts

MECHANISMS = [
    ("field", "boxes in the form"),
    ("bot", "question of the bot"),
    ("billboard", "message in the chat's window"),
    ("none", "by the site itself"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("helpdesk", "0009_page_slips_and_technical_data"),
        ("privacy", "0010_keys_of_technical_data"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purpose",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        max_length=30,
                        validators=[django.core.validators.validate_slug],
                        verbose_name="short name",
                    ),
                ),
                (
                    "names",
                    models.JSONField(
                        default=dict, validators=[privacy.texts.validate_texts], verbose_name="what it is for"
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("consent", "consent (a)"),
                            ("contract", "contract, or steps before one (b)"),
                            ("legal_obligation", "legal obligation (c)"),
                            ("vital_interests", "vital interests (d)"),
                            ("public_task", "public task (e)"),
                            ("legitimate_interests", "legitimate interests (f)"),
                        ],
                        max_length=24,
                        verbose_name="lawful basis",
                    ),
                ),
                (
                    "basis_note",
                    models.TextField(
                        blank=True, max_length=1000, verbose_name="which law, contract or interest"
                    ),
                ),
                (
                    "questions",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        validators=[privacy.texts.validate_texts],
                        verbose_name="what the visitor agrees to",
                    ),
                ),
                ("is_required", models.BooleanField(default=False, verbose_name="nothing begins without it")),
                (
                    "compatibility",
                    models.TextField(blank=True, max_length=2000, verbose_name="why that is compatible"),
                ),
                ("position", models.PositiveSmallIntegerField(default=10, verbose_name="place in the list")),
                ("is_active", models.BooleanField(default=True, verbose_name="in force")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="purposes",
                        to="helpdesk.account",
                    ),
                ),
                (
                    "reuses",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="later",
                        to="privacy.purpose",
                        verbose_name="uses data that was collected for",
                    ),
                ),
            ],
            options={
                "verbose_name": "purpose",
                "verbose_name_plural": "purposes",
                "ordering": ["position", "pk"],
                "constraints": [models.UniqueConstraint(fields=("account", "key"), name="one_purpose_a_key")],
            },
        ),
        migrations.AddField("consentnotice", "introduction", models.JSONField(blank=True, default=dict)),
        migrations.AddField("consentnotice", "language", models.CharField(default="en", max_length=10)),
        migrations.AddField(
            "consentnotice",
            "mechanism",
            models.CharField(choices=MECHANISMS, default="field", max_length=10),
        ),
        migrations.AddField(
            "consentnotice", "policy_hash", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField("consentnotice", "questions", models.JSONField(blank=True, default=list)),
        migrations.AddField("consentnotice", "together", models.BooleanField(default=False)),
        migrations.RenameField("consentrecord", "given_at", "at"),
        migrations.AlterField(
            "consentrecord",
            "at",
            models.DateTimeField(default=django.utils.timezone.now, verbose_name="time"),
        ),
        migrations.AddField(
            "consentrecord",
            "origin",
            models.CharField(blank=True, max_length=255, verbose_name="site"),
        ),
        migrations.AddField(
            "consentrecord", "page", models.CharField(blank=True, max_length=300, verbose_name="page")
        ),
        migrations.AddField(
            "consentrecord",
            "purpose",
            models.CharField(default="answer", max_length=30, verbose_name="purpose"),
            preserve_default=False,
        ),
        migrations.AddField(
            "consentrecord",
            "reference",
            models.CharField(blank=True, max_length=100, verbose_name="the site's own proof"),
        ),
        migrations.AddField(
            "consentrecord",
            "state",
            models.CharField(
                choices=[("given", "given"), ("refused", "refused"), ("withdrawn", "withdrawn")],
                default="given",
                max_length=10,
                verbose_name="answer",
            ),
        ),
        migrations.AddField(
            "consentrecord", "words", models.TextField(blank=True, verbose_name="the words shown")
        ),
        migrations.AlterField(
            "consentrecord",
            "form",
            models.CharField(
                choices=[("chat", "chat"), ("ticket", "ticket"), ("mail", "mail")],
                max_length=8,
                verbose_name="where",
            ),
        ),
        migrations.AlterField(
            "consentrecord", "language", models.CharField(max_length=10, verbose_name="language")
        ),
        migrations.AlterField(
            "consentrecord",
            "mechanism",
            models.CharField(choices=MECHANISMS, default="field", max_length=10, verbose_name="asked by"),
        ),
        migrations.AddIndex("consentrecord", models.Index(fields=["account", "at"], name="consent_clock")),
    ]
