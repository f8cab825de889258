from datetime import timedelta

from django.db import migrations
from django.utils import timezone

A_DAY = timedelta(hours=24)
# Where nothing says when things would have gone, all of them wait until the day is over.
FORMER = {"term": "keep", "clock": "", "cadence": "continuous", "archive": ""}


def move(apps, schema_editor):
    if schema_editor.connection.alias != "default":  # the vault has no such tables
        return
    now = timezone.now()
    policies = apps.get_model("privacy", "RetentionPolicy").objects
    found = {}
    for row in policies.filter(cooling_until__gt=now, changed_at__isnull=False):
        former = {**FORMER, "term": row.former, "clock": row.clock} if row.former else FORMER
        found[row.account_id, row.category] = (row.changed_at, row.cooling_until, former)
    for account in apps.get_model("helpdesk", "Account").objects.select_related("plan"):
        for category, at in _changes(apps, account, now - A_DAY):
            was = found.get((account.pk, category))
            if was is None or was[0] < at:
                found[account.pk, category] = (at, at + A_DAY, FORMER)
    rows = apps.get_model("privacy", "CoolingOff").objects
    for (account_id, category), (since, until, former) in found.items():
        rows.create(account_id=account_id, category=category, since=since, until=until, former=former)


def _changes(apps, account, since):
    """Yield categories of an account with the moment at which its plan may have cut them short."""
    of_plan = [at for at in (account.plan_changed_at, account.plan.shortened_at) if at and at > since]
    for term in apps.get_model("privacy", "PlanTerm").objects.filter(plan=account.plan):
        at = max([*of_plan, *([term.shortened_at] if term.shortened_at else [])], default=None)
        if at and at > since:
            yield term.category, at


class Migration(migrations.Migration):
    dependencies = [("privacy", "0018_cooling_off")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop, elidable=True)]
