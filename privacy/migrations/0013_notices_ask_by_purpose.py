from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("privacy", "0012_words_that_were_asked")]
    operations = [migrations.RemoveField("consentnotice", "text")]
