"""What an account's privacy notice says (Article 13), read from what it really does."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.authorities import AUTHORITIES, Authority, consent_age
from helpdesk.forms.consent import notice_to_answer
from helpdesk.grounds import Ground, grounds_of
from helpdesk.models import Account, FormField, Recipient
from helpdesk.services.fields import asked_on
from helpdesk.services.silent_tickets import silence_in_words
from helpdesk.technical import is_stored, kept_in_words
from privacy.categories import Category
from privacy.models import ConsentNotice, Withdrawal
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.retention import when_of


@dataclass(frozen=True)
class Asked:
    """A field of a form, whether somebody may leave it empty, and what else is to be said of it."""

    label: str
    required: bool
    purpose: str = ""
    term: str = ""
    special: bool = False


@dataclass(frozen=True)
class Notice:
    """The parts of the notice that differ from account to account."""

    controller: str
    contact: str
    protection_officer: str
    policy_url: str
    consent: ConsentNotice | None
    grounds: list[Ground]
    age: int
    recipients: list[Recipient]
    authority: Authority | None
    erased_when_withdrawn: bool
    chat_fields: list[Asked]
    ticket_fields: list[Asked]
    kept: list[str]
    silence: str
    has_archive: bool


# What visitors have with a company, in the order of the page; the logs of its own people are none of it.
_ERASED = {
    Category.CHAT: gettext_lazy("A chat is erased %(when)s."),
    Category.CHAT_FILE: gettext_lazy(
        "A file that you send in a chat is erased %(when)s, and with the chat at the latest."
    ),
    Category.TICKET: gettext_lazy("A ticket, with what is written in it, is erased %(when)s."),
    Category.TICKET_FILE: gettext_lazy(
        "A file of a ticket is erased %(when)s, and with the ticket at the latest."
    ),
    Category.CONTACT: gettext_lazy("Your name and address are erased %(when)s."),
    Category.TECHNICAL: gettext_lazy(
        "With a chat or ticket we also keep: %(technical)s. This is erased %(when)s, and with the chat or "
        "ticket at the latest."
    ),
    Category.CONSENT: gettext_lazy(
        "The proof of your consent is erased %(when)s. It stands under a code name that nobody can trace to "
        "you once your data is erased."
    ),
    Category.REQUEST: gettext_lazy(
        "What you asked about your rights, and what we answered, is erased %(when)s."
    ),
    Category.MAIL: gettext_lazy("The record of a mail to you is erased %(when)s."),
    Category.EXPORT: gettext_lazy("A copy of your data that was made for you is erased %(when)s."),
    Category.REPORT: gettext_lazy(
        "Numbers about nobody, such as how many chats there were on a day, are erased %(when)s."
    ),
}


_TECHNICAL_LEFT = gettext_lazy(
    "We keep no technical data any more. What is left from earlier is erased %(when)s, and with the chat or "
    "ticket at the latest."
)


def notice_of(account: Account) -> Notice:
    """Return the notice as it is true at this moment; it says nothing about what is never stored."""
    policies = {policy.category: policy for policy in policies_in_force(account.pk)}
    consent = notice_to_answer(account)
    technical = kept_in_words(account)
    return Notice(
        controller=account.controller or account.name,
        contact=account.privacy_contact,
        protection_officer=account.protection_officer,
        policy_url=account.policy_url,
        consent=consent,
        grounds=grounds_of(account, consent),
        age=consent_age(account.country),
        recipients=list(account.recipients.select_related("account")),
        authority=AUTHORITIES.get(account.country),
        erased_when_withdrawn=account.withdrawal == Withdrawal.ERASE,
        chat_fields=[*_asked(account, "chat"), *_asked_besides(account, "chat")],
        ticket_fields=[
            *_asked(account, "ticket"),
            Asked(_("Email"), required=True),
            Asked(_("Subject"), required=True),
            Asked(_("Message"), required=True),
            Asked(_("Files"), required=False),
            *_asked_besides(account, "ticket"),
        ],
        kept=[
            (words if technical or category != Category.TECHNICAL else _TECHNICAL_LEFT)
            % {"when": when_of(policies[category]), "technical": technical}
            for category, words in _ERASED.items()
            if tells_of(category, account)
        ],
        silence=silence_in_words(account),
        has_archive=any(policy.archive for policy in policies.values()),
    )


def tells_of(category: str, account: Account) -> bool:
    """Tell whether visitors read about a category: something of theirs is stored in it."""
    return category in _ERASED and is_stored(category, account)


def asked_fields(account: Account, form: str) -> list[FormField]:
    """Return what an account asks on its ``chat`` or ``ticket`` form besides name, address and question.

    Each has ``label``, ``rule``, ``purpose`` (may be empty), ``is_personal``, ``is_special`` and ``term``
    (``None``: as long as the chat or ticket).
    """
    return asked_on(account, form, notice=notice_to_answer(account))


def _asked_besides(account: Account, form: str) -> list[Asked]:
    return [
        Asked(
            field.label,
            required=field.rule == Account.Field.REQUIRED,
            purpose=field.purpose.name if field.purpose else "",
            term=field.term.length_in_words() if field.term else "",
            special=field.is_special,
        )
        for field in asked_fields(account, form)
    ]


def _asked(account: Account, form: str) -> list[Asked]:
    labels = {"name": _("Name"), "email": _("Email"), "question": _("Your question")}
    rules = account.field_rules(form).items()
    return [
        Asked(labels[name], required=rule == Account.Field.REQUIRED)
        for name, rule in rules
        if rule != Account.Field.OFF
    ]
