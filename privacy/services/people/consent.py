"""Consent as it is given, refused and withdrawn, with its proof (Article 7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from django.utils import timezone
from django.utils.translation import get_language

from privacy import ledger
from privacy.encryption.errors import KeyLost
from privacy.encryption.rows import SealedModel
from privacy.models import ConsentNotice, ConsentRecord
from privacy.services.people.notices import current_notice

State = ConsentRecord.State


class ConsentMissing(Exception):
    """The account asks for consent and it was not given; nothing may be stored."""


@dataclass(frozen=True)
class Given:
    """What somebody answered to the questions of a notice: the keys of the purposes that they agreed to.

    ``origin`` and ``page`` say where (never with a query), ``reference`` is the proof of a site that asks
    itself.
    """

    notice: ConsentNotice | None = None
    purposes: frozenset[str] = frozenset()
    origin: str = ""
    page: str = ""
    reference: str = ""

    @classmethod
    def to_all(cls, notice: ConsentNotice | None, **where: str) -> Self:
        """Return the answers of somebody who agreed to everything that a notice asks."""
        return cls(notice, frozenset(notice.purposes() if notice else ()), **where)


def record_consent(*, account, person: SealedModel, form: str, given: Given) -> int:
    """Keep the proof of each answer of ``person``, in the caller's transaction.

    Returns the version that was answered; 0 where the account asks nothing. Raises :class:`ConsentMissing`
    where a question that is required was not agreed to, or the notice is not the one in force.
    """
    current = current_notice(account)
    if current is None or not current.asks:
        return 0
    if given.notice != current or current.required() - given.purposes:
        raise ConsentMissing
    _keep(person, current, form, given, {key: _answer(key in given.purposes) for key in current.purposes()})
    return current.version


def withdraw_consent(
    *,
    account,
    person: SealedModel,
    form: str,
    purposes: Collection[str] | None = None,
    given: Given | None = None,
) -> int:
    """Keep the proof that ``person`` takes back what they agreed to, all of it or these purposes.

    Returns of how many purposes; 0 where nothing was agreed to. What follows for the conversation is the
    caller's: see :class:`privacy.models.Withdrawal`.
    """
    held = [record for record in answers_of(account=account, person=person) if record.state == State.GIVEN]
    taken = [record for record in held if purposes is None or record.purpose in purposes]
    for notice in {record.notice for record in taken}:
        states = {record.purpose: State.WITHDRAWN for record in taken if record.notice == notice}
        _keep(person, notice, form, given or Given(notice), states)
    return len(taken)


def needs_asking(*, account, person: SealedModel) -> bool:
    """Tell whether somebody must be asked (again).

    So it is where a new version was published since they answered, or where they took back what nothing
    goes on without.
    """
    current = current_notice(account)
    if current is None or not current.asks:
        return False
    answers = {record.purpose: record for record in answers_of(account=account, person=person)}
    answered = {purpose for purpose, record in answers.items() if record.notice_id == current.pk}
    agreed = {purpose for purpose in answered if answers[purpose].state == State.GIVEN}
    return bool(set(current.purposes()) - answered or current.required() - agreed)


def has_withdrawn(*, account, person: SealedModel) -> bool:
    """Tell whether ``person`` took back a consent without which nothing is done (Article 7(3))."""
    return any(
        record.state == State.WITHDRAWN and record.purpose in record.notice.required()
        for record in answers_of(account=account, person=person)
    )


def answers_of(*, account, person: SealedModel) -> list[ConsentRecord]:
    """Return the newest answer of ``person`` about each purpose, with its notice.

    Empty where there is none, or where nobody can tell whose it is, since the person's key is lost.
    """
    try:
        subject = ledger.reference(person)
    except KeyLost:
        return []
    records = ConsentRecord.objects.filter(account=account, subject=subject).select_related("notice")
    newest = {record.purpose: record for record in records.order_by("at", "pk")}
    return list(newest.values())


def consent_of(*, account, person: SealedModel) -> ConsentRecord | None:
    """Return the newest answer of ``person`` about anything, or ``None``; see :func:`answers_of`."""
    return max(answers_of(account=account, person=person), key=lambda record: record.at, default=None)


def _answer(agreed: bool) -> str:
    return State.GIVEN if agreed else State.REFUSED


def _keep(
    person: SealedModel, notice: ConsentNotice, form: str, given: Given, states: Mapping[str, str]
) -> None:
    subject, now = ledger.reference(person), timezone.now()
    asked = {question.purpose: question for question in notice.asked}
    opening = f"{notice.opening}\n\n" if notice.opening else ""
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            account_id=notice.account_id,
            notice=notice,
            subject=subject,
            purpose=purpose,
            state=state,
            mechanism=notice.mechanism,
            form=form,
            language=get_language() or "",
            words=opening + notice.words_of(asked[purpose]),
            origin=given.origin,
            page=given.page,
            reference=given.reference,
            at=now,
        )
        for purpose, state in states.items()
    )
    for state in sorted(set(states.values())):
        ledger.record(
            f"consent.{state}",
            account_id=notice.account_id,
            form=form,
            version=notice.version,
            purposes=sorted(purpose for purpose in states if states[purpose] == state),
            # A database that is restored from before must be able to tell whose consent it was.
            **({"subject": subject} if state == State.WITHDRAWN else {}),
        )
