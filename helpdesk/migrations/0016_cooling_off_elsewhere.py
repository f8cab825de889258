from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("helpdesk", "0015_version_of_the_notice"), ("privacy", "0017_running_cooling_offs")]

    operations = [migrations.RemoveField(model_name="account", name="plan_changed_at")]
