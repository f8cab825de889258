"""What people took back, and purposes that were given up, after the backup that was restored."""

from collections.abc import Iterator

from privacy.ledger.decisions import Found, Outcome
from privacy.models import ConsentRecord, LedgerEntry, Purpose

State = ConsentRecord.State


def rebuild_withdrawals(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Take back again what somebody had agreed to (Article 7(3)); the pseudonym tells whose consent it is."""
    for entry in entries:
        taken = [_withdraw(entry, purpose) for purpose in entry.params.get("purposes", ())]
        yield Found(entry, Outcome.REBUILT if any(taken) else Outcome.LOST)


def rebuild_purposes(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Give up again the purposes that are not in force any more; the words of others are lost."""
    for entry in entries:
        said = entry.params
        mine = Purpose.objects.filter(account=entry.account_id, key=said.get("purpose", ""))
        given_up = said.get("active") is False and mine.update(is_active=False)
        yield Found(
            entry, Outcome.REBUILT if given_up else Outcome.LOST, about="" if given_up else said["purpose"]
        )


def _withdraw(entry: LedgerEntry, purpose: str) -> bool:
    subject = entry.params.get("subject")
    if not subject:
        return False
    answers = ConsentRecord.objects.filter(account=entry.account_id, subject=subject, purpose=purpose)
    given = answers.filter(at__lt=entry.at).order_by("-at", "-pk").first()
    if given is None or given.state != State.GIVEN:
        return False
    given.pk, given.state, given.at = None, State.WITHDRAWN, entry.at
    given.form = entry.params.get("form", given.form)
    given.save(force_insert=True)
    return True
