"""Consent: in words that never change, proved without naming anybody, refused where it is missing."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from freezegun import freeze_time

from chat.models import Conversation
from privacy import ledger
from privacy.models import ConsentNotice, ConsentRecord, DailyCount, LedgerEntry
from privacy.services.counts import count
from privacy.services.erasing.erasure import erase_units
from privacy.services.people.consent import ConsentMissing, current_notice, publish_notice, record_consent
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notice(account):
    return ConsentNotice.objects.get(account=account)


def test_consent_is_proved_by_notice_form_language_and_time(account, visitor, notice):
    with translation.override("fr"):
        record_consent(account=account, person=visitor, form="chat", agreed=True, notice=notice)

    record = ConsentRecord.objects.get()
    assert (record.account, record.notice, record.form, record.language) == (account, notice, "chat", "fr")
    assert record.subject == ledger.reference(visitor)
    assert LedgerEntry.objects.get().params == {"form": "chat", "version": 1}


def test_missing_consent_is_refused(account, visitor, notice):
    with pytest.raises(ConsentMissing):
        record_consent(account=account, person=visitor, form="chat", agreed=False, notice=notice)

    assert ConsentRecord.objects.count() == 0


def test_consent_to_other_words_than_those_in_force_is_refused(account, other_account, visitor, notice):
    theirs = ConsentNotice.objects.get(account=other_account)
    publish_notice(account=account, text="New words", policy_url="")

    for wrong in (None, notice, theirs):
        with pytest.raises(ConsentMissing):
            record_consent(account=account, person=visitor, form="chat", agreed=True, notice=wrong)

    assert ConsentRecord.objects.count() == 0


def test_account_that_does_not_ask_keeps_no_proof(account, visitor):
    account.consent_required = False

    record_consent(account=account, person=visitor, form="chat", agreed=False, notice=None)

    assert ConsentRecord.objects.count() == 0


def test_new_words_are_a_new_version_and_the_same_words_are_none(account, notice):
    same = publish_notice(account=account, text=notice.text, policy_url=notice.policy_url)
    new = publish_notice(account=account, text="New words", policy_url="")

    assert same == notice
    assert (new.version, current_notice(account)) == (2, new)
    notice.refresh_from_db()
    assert notice.text == "I agree that my message is stored."


def test_words_that_were_shown_are_never_changed(notice):
    notice.text = "Other words"

    with pytest.raises(ValidationError):
        notice.save()


def test_counts_are_of_the_accounts_own_day_and_add_up(account, other_account):
    account.time_zone = "Pacific/Auckland"
    with freeze_time(datetime(2026, 5, 1, 20, 0, tzinfo=UTC)):
        count(account=account, name="chats_started")
        count(account=account, name="chats_started", by=2)
        count(account=other_account, name="chats_started")

    counted = {(c.account_id, str(c.day)): c.value for c in DailyCount.objects.all()}
    assert counted == {(account.pk, "2026-05-02"): 3, (other_account.pk, "2026-05-01"): 1}


def test_counts_survive_the_erasure_of_those_they_counted(account):
    chat = factories.chat(account)
    count(account=account, name="chats_started")

    erase_units(Conversation, [chat.pk], account_id=account.pk, reason="closed")

    assert DailyCount.objects.get().value == 1
