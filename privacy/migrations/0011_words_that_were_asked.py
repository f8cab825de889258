"""What accounts asked before there were purposes becomes the question of their first one."""

from django.db import migrations


def declare_first_purposes(apps, schema_editor):
    Account = apps.get_model("helpdesk", "Account")
    Purpose = apps.get_model("privacy", "Purpose")
    Notice = apps.get_model("privacy", "ConsentNotice")
    Record = apps.get_model("privacy", "ConsentRecord")
    alias = schema_editor.connection.alias
    for account in Account.objects.using(alias).all():
        notices = Notice.objects.using(alias).filter(account=account).order_by("version")
        for notice in notices:
            words = {account.language: notice.text}
            asked = [{"purpose": "answer", "required": True, "words": words}]
            notices.filter(pk=notice.pk).update(questions=asked, language=account.language)
            Record.objects.using(alias).filter(notice=notice).update(words=notice.text, mechanism="field")
        newest = notices.last()
        asks = account.consent_required and newest is not None
        Purpose.objects.using(alias).create(
            account=account,
            key="answer",
            names={"en": "To answer you"},
            basis="consent" if asks else "contract",
            questions={account.language: newest.text} if newest else {},
            is_required=True,
            position=1,
        )


class Migration(migrations.Migration):
    dependencies = [("privacy", "0010_purposes_and_answers")]
    operations = [migrations.RunPython(declare_first_purposes, migrations.RunPython.noop, elidable=True)]
