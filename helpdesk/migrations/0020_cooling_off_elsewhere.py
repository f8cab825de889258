from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0019_fields_of_forms"), ("privacy", "0019_running_cooling_offs")]

    operations = [migrations.RemoveField(model_name="account", name="plan_changed_at")]
