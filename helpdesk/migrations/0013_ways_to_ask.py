import privacy.texts
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("helpdesk", "0012_technical_data"),
        ("privacy", "0012_words_that_were_asked"),  # it reads what is removed here
    ]

    operations = [
        migrations.RemoveField(
            model_name="account",
            name="consent_required",
        ),
        migrations.AddField(
            model_name="account",
            name="billboard",
            field=models.JSONField(
                blank=True,
                default=dict,
                validators=[privacy.texts.validate_texts],
                verbose_name="message in the window",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="consent_introduction",
            field=models.JSONField(
                blank=True,
                default=dict,
                validators=[privacy.texts.validate_texts],
                verbose_name="words above the list",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="consent_mechanism",
            field=models.CharField(
                choices=[
                    ("field", "boxes in the form"),
                    ("bot", "question of the bot"),
                    ("billboard", "message in the chat's window"),
                    ("none", "by the site itself"),
                ],
                default="field",
                max_length=10,
                verbose_name="how visitors are asked",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="consent_together",
            field=models.BooleanField(default=False, verbose_name="several questions as one list"),
        ),
        migrations.AddField(
            model_name="account",
            name="refusal",
            field=models.JSONField(
                blank=True,
                default=dict,
                validators=[privacy.texts.validate_texts],
                verbose_name="what is possible without consent",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="withdrawal",
            field=models.CharField(
                choices=[
                    ("stop", "the conversation ends and nothing more is done with it"),
                    ("erase", "the conversation ends and is erased now"),
                ],
                default="erase",
                max_length=6,
                verbose_name="when consent is withdrawn",
            ),
        ),
    ]
