from datetime import timedelta

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Q

from privacy import models
from privacy.categories import Category
from privacy.declarations import declare, declare_impersonal, delete, keep
from privacy.ledger import reference

FIVE_YEARS = timedelta(days=5 * 365 + 1)

declare(
    models.ConsentRecord,
    Category.CONSENT,
    find=lambda person: Q(subject=reference(person)),
    export=(
        "form",
        "mechanism",
        "language",
        "given_at",
        "notice.version",
        "notice.text",
        "notice.policy_url",
    ),
    erase=keep,
    term=FIVE_YEARS,  # the usual limitation period of civil claims; then the proof goes, too
    since="given_at",
)
declare(Session, Category.ACCESS, erase=delete, term=timedelta(), since="expire_date")

declare_impersonal(
    models.DataKey,
    models.Erasure,
    models.Tombstone,
    because="random keys and numbers; whose they are dies with them",
)
declare_impersonal(
    models.LedgerEntry,
    models.LedgerHead,
    models.OutboxLine,
    because="codes, counts and keyed pseudonyms only; free text is refused",
)
declare_impersonal(
    models.RetentionPolicy,
    models.ConsentNotice,
    models.DailyCount,
    models.Heartbeat,
    because="settings, published words and counts of a company",
)
declare_impersonal(
    ContentType, Permission, Group, Group.permissions.through, because="names of models, rights and groups"
)
