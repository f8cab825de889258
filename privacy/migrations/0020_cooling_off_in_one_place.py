from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("privacy", "0019_running_cooling_offs")]

    operations = [
        migrations.RemoveField(model_name="plan", name="shortened_at"),
        migrations.RemoveField(model_name="planterm", name="shortened_at"),
        migrations.RemoveField(model_name="retentionpolicy", name="changed_at"),
        migrations.RemoveField(model_name="retentionpolicy", name="cooling_until"),
        migrations.RemoveField(model_name="retentionpolicy", name="former"),
    ]
