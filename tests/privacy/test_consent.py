"""Consent: in words that never change, proved without naming anybody, refused where it is missing."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from freezegun import freeze_time

from chat.models import Conversation
from privacy import ledger
from privacy.models import Basis, ConsentNotice, ConsentRecord, DailyCount, LedgerEntry, Mechanism, Purpose
from privacy.services.counts import count
from privacy.services.erasing.erasure import erase_units
from privacy.services.people.consent import (
    ConsentMissing,
    Given,
    answers_of,
    needs_asking,
    record_consent,
    withdraw_consent,
)
from privacy.services.people.notices import current_notice, publish_notice
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NEWS = {"en": "Send me news.", "fr": "Envoyez-moi des nouvelles."}


@pytest.fixture
def notice(account):
    return ConsentNotice.objects.get(account=account)


@pytest.fixture
def news(account):
    """A second purpose, about which visitors may say no."""
    made = Purpose.objects.create(
        account=account, key="news", names={"en": "News"}, basis=Basis.CONSENT, questions=NEWS, position=2
    )
    publish_notice(account=account)
    return made


def record(account, visitor, given, form="chat"):
    record_consent(account=account, person=visitor, form=form, given=given)


def test_proof_holds_purpose_notice_words_language_place_and_time(account, visitor, notice):
    where = {"origin": "https://shop.example", "page": "/tea/"}
    with translation.override("fr"), freeze_time(datetime(2026, 5, 1, 20, 0, tzinfo=UTC)):
        record(account, visitor, Given.to_all(notice, **where))

    proof = ConsentRecord.objects.get()
    assert (proof.account, proof.notice, proof.purpose, proof.state) == (account, notice, "answer", "given")
    assert (proof.form, proof.mechanism, proof.language) == ("chat", "field", "fr")
    assert (proof.words, proof.origin, proof.page) == (factories.AGREE, "https://shop.example", "/tea/")
    assert (proof.subject, str(proof.at)) == (ledger.reference(visitor), "2026-05-01 20:00:00+00:00")
    said = LedgerEntry.objects.get(action="consent.given")
    assert said.params == {"form": "chat", "version": 1, "purposes": ["answer"]}


def test_words_are_kept_in_the_language_that_was_shown(account, visitor, news):
    with translation.override("fr"):
        record(account, visitor, Given.to_all(current_notice(account)))

    assert ConsentRecord.objects.get(purpose="news").words == NEWS["fr"]
    assert ConsentRecord.objects.get(purpose="answer").words == factories.AGREE


def test_missing_consent_is_refused(account, visitor, notice):
    with pytest.raises(ConsentMissing):
        record(account, visitor, Given(notice))

    assert ConsentRecord.objects.count() == 0


def test_consent_to_other_words_than_those_in_force_is_refused(account, other_account, visitor, notice):
    theirs = ConsentNotice.objects.get(account=other_account)
    factories.asks(account, "New words")

    for wrong in (None, notice, theirs):
        with pytest.raises(ConsentMissing):
            record(account, visitor, Given.to_all(wrong))

    assert ConsentRecord.objects.count() == 0


def test_account_that_does_not_ask_keeps_no_proof(account, visitor):
    factories.asks_nothing(account)

    record(account, visitor, Given())

    assert ConsentRecord.objects.count() == 0


def test_billboard_is_no_consent_and_leaves_no_proof(account, visitor):
    account.consent_mechanism = Mechanism.BILLBOARD
    publish_notice(account=account)

    record(account, visitor, Given.to_all(current_notice(account)))

    assert ConsentRecord.objects.count() == 0


def test_optional_question_may_be_refused_and_that_is_kept(account, visitor, news):
    record(account, visitor, Given(current_notice(account), frozenset({"answer"})))

    states = {record.purpose: record.state for record in ConsentRecord.objects.all()}
    assert states == {"answer": "given", "news": "refused"}


def test_withdrawal_is_kept_beside_what_was_given(account, visitor, news):
    record(account, visitor, Given.to_all(current_notice(account)))

    assert withdraw_consent(account=account, person=visitor, form="chat", purposes=["news"]) == 1
    assert withdraw_consent(account=account, person=visitor, form="chat", purposes=["news"]) == 0

    assert {each.purpose: each.state for each in answers_of(account=account, person=visitor)} == {
        "answer": "given",
        "news": "withdrawn",
    }
    assert ConsentRecord.objects.filter(purpose="news").count() == 2


def test_all_is_withdrawn_in_one_go(account, visitor, news):
    record(account, visitor, Given(current_notice(account), frozenset({"answer"})))

    assert withdraw_consent(account=account, person=visitor, form="mail") == 1

    assert {each.state for each in answers_of(account=account, person=visitor)} == {"withdrawn", "refused"}


def test_nobody_withdraws_for_somebody_else(account, visitor, notice):
    other = factories.contact(account)
    record(account, visitor, Given.to_all(notice))

    assert withdraw_consent(account=account, person=other, form="chat") == 0
    assert [each.state for each in answers_of(account=account, person=visitor)] == ["given"]


def test_new_version_asks_returning_visitors_again(account, visitor, notice):
    record(account, visitor, Given.to_all(notice))
    assert not needs_asking(account=account, person=visitor)

    newer = factories.asks(account, "New words")
    assert needs_asking(account=account, person=visitor)

    record(account, visitor, Given.to_all(newer))
    assert not needs_asking(account=account, person=visitor)


def test_new_words_are_a_new_version_and_the_same_words_are_none(account, notice):
    same = publish_notice(account=account)
    new = factories.asks(account, "New words")

    assert same == notice
    assert (new.version, current_notice(account)) == (2, new)
    notice.refresh_from_db()
    assert notice.text == factories.AGREE


def test_other_content_behind_the_link_is_a_new_version(account):
    first = publish_notice(account=account, policy_hash="a" * 64)
    same = publish_notice(account=account, policy_hash="a" * 64)
    changed = publish_notice(account=account, policy_hash="b" * 64)

    assert (same, changed.version) == (first, first.version + 1)
    assert publish_notice(account=account) == changed


def test_words_that_were_shown_are_never_changed(notice):
    notice.questions = []

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
