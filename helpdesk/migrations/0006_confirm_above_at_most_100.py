import django.core.validators
from django.db import migrations, models


def lower(apps, schema_editor):
    apps.get_model("helpdesk", "Account").objects.filter(confirm_above__gt=100).update(confirm_above=100)


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0005_plan")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="confirm_above",
            field=models.PositiveIntegerField(
                default=10,
                validators=[django.core.validators.MaxValueValidator(100)],
                verbose_name="ask to type the number above",
            ),
        ),
        migrations.RunPython(lower, migrations.RunPython.noop),
    ]
