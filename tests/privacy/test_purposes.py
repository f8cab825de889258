"""Purposes: each with one lawful basis that holds, and no use of data for anything else."""

import pytest
from django.core.exceptions import ValidationError

from privacy.models import Basis, ConsentRecord, LedgerEntry, Purpose
from privacy.services.people.consent import Given, record_consent, withdraw_consent
from privacy.services.people.notices import current_notice
from privacy.services.people.purposes import PurposeRefused, require_purpose, save_purpose
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def purpose(account, **values):
    given = {"key": "quality", "names": {"en": "Better answers"}, "basis": Basis.CONTRACT}
    return Purpose(account=account, **given | values)


def test_purpose_is_declared_in_the_ledger_and_asked_from_then_on(account, manager):
    asked = purpose(account, basis=Basis.CONSENT, questions={"en": "Learn from my chat."})

    save_purpose(purpose=asked, by=manager)

    entry = LedgerEntry.objects.get(action="purpose.declared")
    assert (entry.account_id, entry.params["purpose"], entry.params["basis"]) == (
        account.pk,
        "quality",
        "consent",
    )
    notice = current_notice(account)
    assert (notice.version, list(notice.purposes())) == (2, ["answer", "quality"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"names": {}}, "names"),
        ({"names": {"xx": "?"}}, "names"),
        ({"key": "with spaces"}, "key"),
        ({"key": "answer"}, "__all__"),
        ({"basis": Basis.CONSENT}, "questions"),
        ({"basis": Basis.LEGAL_OBLIGATION}, "basis_note"),
        ({"basis": Basis.LEGITIMATE_INTERESTS}, "basis_note"),
        ({"basis": Basis.PUBLIC_TASK}, "basis_note"),
        ({"basis": Basis.VITAL_INTERESTS}, "basis_note"),
    ],
)
def test_purpose_that_nobody_could_rely_on_is_refused(account, manager, values, field):
    with pytest.raises(ValidationError) as refused:
        save_purpose(purpose=purpose(account, **values), by=manager)

    assert list(refused.value.message_dict) == [field]
    assert Purpose.objects.count() == 1


def test_reuse_needs_a_note_and_a_purpose_of_the_same_account(account, other_account, manager):
    mine, theirs = account.purposes.get(), other_account.purposes.get()

    for values in ({"reuses": mine}, {"reuses": theirs, "compatibility": "Close to it."}):
        with pytest.raises(ValidationError):
            save_purpose(purpose=purpose(account, **values), by=manager)

    saved = save_purpose(purpose=purpose(account, reuses=mine, compatibility="Close to it."), by=manager)
    assert saved.reuses == mine


def test_use_for_a_purpose_that_was_not_declared_is_refused(account, other_account, manager):
    save_purpose(purpose=purpose(other_account), by=manager)

    with pytest.raises(PurposeRefused):
        require_purpose(account=account, key="quality")

    ours = save_purpose(purpose=purpose(account), by=manager)
    assert require_purpose(account=account, key="quality") == ours
    ours.is_active = False
    save_purpose(purpose=ours, by=manager)
    with pytest.raises(PurposeRefused):
        require_purpose(account=account, key="quality")


def test_use_on_consent_needs_the_consent_of_this_person(account, visitor):
    other = factories.contact(account)
    record_consent(account=account, person=visitor, form="chat", given=Given.to_all(current_notice(account)))

    assert require_purpose(account=account, key="answer", person=visitor).key == "answer"
    with pytest.raises(PurposeRefused):
        require_purpose(account=account, key="answer", person=other)
    withdraw_consent(account=account, person=visitor, form="chat")
    with pytest.raises(PurposeRefused):
        require_purpose(account=account, key="answer", person=visitor)
    assert ConsentRecord.objects.count() == 2
