from django.db import migrations

FIRST_PLANS = {
    "standard": ("Standard", False, {"chat": (3, "months"), "ticket": (2, "years"), "report": (1, "years")}),
    "enterprise": (
        "Enterprise",
        True,
        {"chat": (2, "years"), "ticket": (5, "years"), "report": (3, "years")},
    ),
}
# The same in each plan: what is kept longer would need a reason of its own.
ELSEWHERE = {
    "technical": (1, "months"),
    "consent": (5, "years"),
    "access": (1, "years"),
    "request": (5, "years"),
    "mail": (3, "months"),
    "export": (7, "days"),
}


def make_plans(apps, schema_editor):
    if schema_editor.connection.alias != "default":  # the vault has no such tables
        return
    plans = apps.get_model("privacy", "Plan").objects
    terms = apps.get_model("privacy", "PlanTerm").objects
    for code, (name, schedules, own) in FIRST_PLANS.items():
        plan = plans.create(code=code, name=name, schedules=schedules)
        files = {"chat_file": own["ticket"], "ticket_file": own["ticket"]}
        for category, (amount, unit) in {**own, **files, **ELSEWHERE}.items():
            terms.create(plan=plan, category=category, amount=amount, unit=unit)
        terms.create(plan=plan, category="contact", rule="at_once")


class Migration(migrations.Migration):
    dependencies = [("privacy", "0005_retention")]
    operations = [migrations.RunPython(make_plans, migrations.RunPython.noop, elidable=False)]
