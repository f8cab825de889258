"""Whatever the settings are, the notice states the terms and fields that are in force, and no other."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.forms import PreChatForm
from helpdesk.forms.ticket import TicketForm
from helpdesk.models import Account, FormField
from helpdesk.services.notices import render_notice
from helpdesk.services.retention import Decision, change_retention
from privacy.categories import Category
from privacy.models import Basis
from privacy.services.people.notices import publish_notice
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import when_of
from privacy.terms import Rule, Term, Unit

pytestmark = pytest.mark.django_db(transaction=True)

LABELS = {"Name", "Email", "Your question", "Subject", "Message", "Files", "Order number", "Shoe size"}
FIELDS = st.sampled_from(Account.Field.values)
TERMS = st.one_of(
    st.just(Term(Rule.AT_ONCE)),
    st.just(Term(Rule.KEEP)),
    st.builds(Term, st.just(Rule.AFTER), st.integers(1, 1200), st.sampled_from(Unit.values)),
)


def stated_fields(text: str, heading: str) -> set[tuple[str, bool]]:
    """Return what the list under a heading says: each field, and whether it must be filled in."""
    part = text.split(f"<h3>{heading}</h3>")[1].split("</ul>", maxsplit=1)[0]
    lines = [unescape(line) for line in re.findall(r"<li>(.*?)</li>", part)]
    found = [re.fullmatch(r"(.+?) \((must be filled in|may stay empty)\)(.*)", line) for line in lines]
    return {(match[1], match[2] == "must be filled in") for match in found if match}


def asked_fields(form) -> set[tuple[str, bool]]:
    return {
        (str(field.label), field.field.required) for field in form.visible_fields() if field.label in LABELS
    }


def ask_besides(account, form: str, rule: str, keep: bool) -> None:
    """Let a form ask for something of the account's own, with a term of its own unless it is to ``keep``."""
    term = {} if keep else {"term_amount": 3, "term_unit": Unit.DAYS}
    FormField.objects.create(
        account=account,
        form=form,
        key="order",
        kind="text",
        labels={"en": "Order number"},
        rule=rule,
        purpose=account.purposes.get(),
        **term,
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chat=TERMS,
    ticket=TERMS,
    fields=st.lists(FIELDS, min_size=4, max_size=4),
    basis=st.sampled_from(Basis),
    keep=st.booleans(),
)
def test_notice_states_what_is_in_force(account, chat, ticket, fields, basis, keep):
    names = ("chat_name", "chat_email", "chat_question", "ticket_name")
    Account.objects.filter(pk=account.pk).update(**dict(zip(names, fields, strict=True)))
    account.purposes.update(basis=basis)
    account.refresh_from_db()
    FormField.objects.filter(account=account).delete()
    for form, rule in (("chat", fields[0]), ("ticket", fields[1])):
        ask_besides(account, form, rule, keep)
    publish_notice(account=account)
    decisions = {Category.CHAT: Decision(chat), Category.TICKET: Decision(ticket)}
    change_retention(account=account, decisions=decisions, by=None, skip_cooling=True)

    text = render_notice(account)

    for category, sentence in (
        (Category.CHAT, "A chat is erased {}."),
        (Category.TICKET, "A ticket, with what is written in it, is erased {}."),
    ):
        when = when_of(policy_in_force(account_id=account.pk, category=category))
        assert sentence.format(when) in unescape(text)
    assert stated_fields(text, "In the chat") == asked_fields(PreChatForm(account))
    assert stated_fields(text, "In a ticket") == asked_fields(TicketForm(account))
    asks_more = set(fields[:2]) != {Account.Field.OFF}
    assert ("erased 3 days after you answered" in text) == (asks_more and not keep)
    assert ("You agree to it" in text) == (basis == Basis.CONSENT)
    assert ("withdraw your consent" in text) == (basis == Basis.CONSENT)
