"""What accounts asked before there were purposes becomes the question of their first one."""

from django.db import migrations


def declare_first_purposes(apps, schema_editor):
    purposes = apps.get_model("privacy", "Purpose").objects
    notices = apps.get_model("privacy", "ConsentNotice").objects
    records = apps.get_model("privacy", "ConsentRecord").objects
    alias = schema_editor.connection.alias
    if alias != "default":
        return
    for account in apps.get_model("helpdesk", "Account").objects.using(alias).order_by("pk"):
        shown = notices.using(alias).filter(account=account).order_by("version")
        for notice in shown:
            words = {account.language: notice.text}
            asked = [{"purpose": "answer", "required": True, "words": words}]
            shown.filter(pk=notice.pk).update(questions=asked, language=account.language)
            records.using(alias).filter(notice=notice).update(words=notice.text, mechanism="field")
        newest = shown.last()
        purposes.using(alias).create(
            account=account,
            key="answer",
            names={"en": "To answer you"},
            basis="consent" if account.consent_required and newest else "contract",
            questions={account.language: newest.text} if newest else {},
            is_required=True,
            position=1,
        )


class Migration(migrations.Migration):
    dependencies = [("privacy", "0011_purposes_and_answers")]
    operations = [migrations.RunPython(declare_first_purposes, migrations.RunPython.noop)]
