from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0012_technical_data"), ("privacy", "0012_running_cooling_offs")]

    operations = [migrations.RemoveField(model_name="account", name="plan_changed_at")]
