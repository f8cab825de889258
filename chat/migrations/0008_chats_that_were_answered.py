"""Who chats when versions are first compared has answered the one in force."""

from django.db import migrations


def note_versions(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    alias = schema_editor.connection.alias
    chats = apps.get_model("chat", "Conversation").objects.using(alias)
    notices = apps.get_model("privacy", "ConsentNotice").objects.using(alias)
    for account in apps.get_model("helpdesk", "Account").objects.using(alias).order_by("pk"):
        notice = notices.filter(account=account).order_by("version").last()
        if notice and notice.questions and account.purposes.filter(basis="consent").exists():
            account.notice_version = notice.version
            account.save(update_fields=["notice_version"])
            chats.filter(account=account).update(answered_version=notice.version)


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0007_answered_notice"),
        ("helpdesk", "0015_version_of_the_notice"),
        ("privacy", "0013_notices_ask_by_purpose"),
    ]
    operations = [migrations.RunPython(note_versions, migrations.RunPython.noop)]
