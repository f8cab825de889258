from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_retention")]
    operations = [
        migrations.AddField(
            model_name="conversation",
            name="became_ticket",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(became_ticket=True), fields=["account"], name="chat_to_erase"
            ),
        ),
    ]
