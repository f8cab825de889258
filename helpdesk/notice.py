"""What an account's privacy notice says (Article 13), read from what it really does."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from helpdesk.models import Account
from privacy.categories import Category
from privacy.models import ConsentNotice
from privacy.services.consent import current_notice
from privacy.services.policies import policy_in_force
from privacy.services.retention import when_of


@dataclass(frozen=True)
class Asked:
    """A field of a form, and whether somebody may leave it empty."""

    label: str
    required: bool


@dataclass(frozen=True)
class Notice:
    """The parts of the notice that differ from account to account."""

    controller: str
    contact: str
    policy_url: str
    consent: ConsentNotice | None
    chat_fields: list[Asked]
    ticket_fields: list[Asked]
    chat_when: str
    ticket_when: str


def notice_of(account: Account) -> Notice:
    """Return the notice as it is true at this moment."""
    consent = current_notice(account) if account.consent_required else None
    return Notice(
        controller=account.controller or account.name,
        contact=account.privacy_contact,
        policy_url=(consent and consent.policy_url) or account.policy_url,
        consent=consent,
        chat_fields=_asked(account, "chat"),
        ticket_fields=[
            *_asked(account, "ticket"),
            Asked(_("Email"), required=True),
            Asked(_("Subject"), required=True),
            Asked(_("Message"), required=True),
            Asked(_("Files"), required=False),
        ],
        chat_when=_when(account, Category.CHAT),
        ticket_when=_when(account, Category.TICKET),
    )


def _when(account: Account, category: str) -> str:
    return when_of(policy_in_force(account_id=account.pk, category=category))


def _asked(account: Account, form: str) -> list[Asked]:
    labels = {"name": _("Name"), "email": _("Email"), "question": _("Your question")}
    rules = account.field_rules(form).items()
    return [
        Asked(labels[name], required=rule == Account.Field.REQUIRED)
        for name, rule in rules
        if rule != Account.Field.OFF
    ]
