from datetime import timedelta

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q

from privacy import models
from privacy.categories import Category
from privacy.declarations import declare, declare_impersonal, delete, keep
from privacy.ledger import reference

declare(
    models.ConsentRecord,
    Category.CONSENT,
    find=lambda people: Q(subject__in=[reference(person) for person in people]),
    export=(
        "purpose",
        "state",
        "mechanism",
        "form",
        "language",
        "words",
        "origin",
        "page",
        "reference",
        "at",
        "notice.version",
        "notice.policy_url",
    ),
    erase=keep,
    account="account",
    since="at",
)
declare(models.ArchiveOpening, Category.ACCESS, person="user", account="account", since="at")
declare(models.Skeleton, Category.REPORT, account="account", since="day")
declare(models.DailyCount, Category.REPORT, account="account", since="day")
declare(Session, Category.ACCESS, erase=delete, term=timedelta(), since="expire_date")

declare_impersonal(
    models.DataKey,
    models.Erasure,
    models.OpenRun,
    models.Tombstone,
    because="random keys and numbers; whose they are dies with them",
)
declare_impersonal(
    models.Suspension, because="the id of a thing and why a company keeps it; nobody is named in it"
)
declare_impersonal(models.ForgottenDecision, because="codes, counts and times of what a company had decided")
declare_impersonal(
    models.LedgerEntry,
    models.LedgerHead,
    models.LedgerWalk,
    models.OutboxLine,
    because="codes, counts and keyed pseudonyms only; free text is refused",
)
declare_impersonal(
    models.Plan,
    models.PlanTerm,
    models.RetentionMinimum,
    models.RetentionPolicy,
    models.PolicyVersion,
    models.CoolingOff,
    models.ArchiveReader,
    models.ConsentNotice,
    models.Purpose,
    models.Heartbeat,
    because="settings, published words and decisions of a company",
)
declare_impersonal(
    ContentType, Permission, Group, Group.permissions.through, because="names of models, rights and groups"
)
