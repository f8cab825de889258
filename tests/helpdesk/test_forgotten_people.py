"""Who came in, and whose things were whose, when a backup comes back that is older than that."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from helpdesk.client_ip import NOWHERE
from helpdesk.models import Account, Contact, ManagerAssignment, SupportGrant, Ticket, User
from helpdesk.permissions import reads_archive
from helpdesk.services.account_settings import change_account
from helpdesk.services.accounts import assign_managers, open_account
from helpdesk.services.archive import set_readers
from helpdesk.services.contacts import verify_address
from helpdesk.services.people import (
    change_password,
    change_role,
    deactivate_person,
    reactivate_person,
)
from helpdesk.services.support import end_support, grant_support
from helpdesk.services.tickets import change_status, close_ticket
from privacy.models import ConsentRecord, Purpose
from privacy.services.erasing.erasure import erase_units
from privacy.services.people.consent import Given, answers_of, record_consent, withdraw_consent
from privacy.services.people.notices import current_notice
from privacy.services.people.purposes import save_purpose
from privacy.services.restoring.replay import Gate, gate_state, replay_erasures
from tests import factories
from tests.privacy.backups import Backup
from tests.privacy.restored import backup_in, findings, is_there, purge_later, put_back, replayed
from tests.privacy.restored import written_by_an_older_version as older_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_folders")]

PASSWORD = "marble-otter-lantern-quay"


@pytest.fixture
def backup(tmp_path):
    return backup_in(tmp_path)


# --- People


def test_people_who_were_switched_off_are_off(agent, teammate, owner, backup):
    deactivate_person(person=teammate, by=owner)
    copy = backup()
    deactivate_person(person=agent, by=owner)
    reactivate_person(person=teammate, by=owner)

    replayed(copy)

    assert [User.objects.get(pk=each.pk).is_active for each in (agent, teammate, owner)] == [
        False,
        True,
        True,
    ]


def test_role_that_was_taken_away_is_away(supervisor, owner, backup):
    copy = backup()
    change_role(person=supervisor, role="agent", by=owner)

    replayed(copy)

    assert User.objects.get(pk=supervisor.pk).role == "agent"


def test_password_that_was_replaced_opens_nothing(agent, teammate, owner, backup):
    copy = backup()
    change_password(person=agent, password=PASSWORD, by=owner)

    replayed(copy)

    again = User.objects.get(pk=agent.pk)
    assert not again.check_password(factories.PASSWORD)
    assert not again.has_usable_password()
    assert User.objects.get(pk=teammate.pk).check_password(factories.PASSWORD)
    assert findings() == [("person.password_changed", "closed", "", "")]


def test_operator_whose_password_was_replaced_gets_a_new_one_by_a_command(operator, backup, monkeypatch):
    copy = backup()
    change_password(person=operator, password=PASSWORD, by=operator)
    put_back(copy)
    said = StringIO()

    call_command("replay_erasures", stdout=said)
    command = re.search(r"`python manage.py (changepassword [0-9a-f]{32})`", said.getvalue())
    monkeypatch.setattr("getpass.getpass", lambda *args, **options: PASSWORD)
    call_command(*command[1].split(), stdout=StringIO())

    assert User.objects.get(pk=operator.pk).check_password(PASSWORD)


def test_managers_are_those_who_were_assigned_last(account, manager, operator, backup):
    newcomer = factories.manager()
    copy = backup()
    assign_managers(account=account, managers=[newcomer], by=operator)

    replayed(copy)

    assert [link.user for link in ManagerAssignment.objects.all()] == [newcomer]


def test_decisions_about_an_account_with_the_same_number_are_another_accounts(account, operator, tmp_path):
    """After a restore a new account got the number of a lost one; then a backup with that one came."""
    for folder in ("older", "newer"):
        (tmp_path / folder).mkdir()
    older = Backup("default", tmp_path / "older")
    lost = open_account(name="Lost", by=operator)
    newer = Backup("default", tmp_path / "newer")
    change_account(account=lost, by=operator, address=NOWHERE, values={"keep_page": True})
    replayed(older)
    other = factories.manager()
    taken = open_account(name="Other", by=operator, pk=lost.pk)
    assign_managers(account=taken, managers=[other], by=operator)
    change_account(account=taken, by=operator, address=NOWHERE, values={"is_active": False})

    replayed(newer)

    again = Account.objects.get(pk=lost.pk)
    assert (again.name, again.is_active, again.keep_page) == ("Lost", True, True)
    assert not ManagerAssignment.objects.exists()
    assert findings(account=again) == [("account.changed", "rebuilt", "", "keep_page")]
    assert ("account.changed", "lost", "", f"account.{lost.pk}") in findings(account=None)


def test_readers_of_the_archive_are_those_who_were_named_last(account, owner, agent, teammate, backup):
    set_readers(account=account, people=[agent], by=owner)
    copy = backup()
    set_readers(account=account, people=[teammate], by=owner)

    replayed(copy)

    assert [reads_archive(User.objects.get(pk=each.pk)) for each in (agent, teammate)] == [False, True]


def test_support_access_that_was_ended_is_ended(account, owner, manager, backup):
    words = {"person": manager, "hours": 4, "reason": "Error 500", "with_files": False, "by": owner}
    grant = grant_support(account=account, **words)
    copy = backup()
    end_support(grant=grant, by=owner)
    grant_support(account=account, **words)

    replayed(copy)

    assert not SupportGrant.objects.in_force().exists()
    assert SupportGrant.objects.get().ended_because == "owner"
    assert findings() == [("support.ended", "rebuilt", "", ""), ("support.granted", "lost", "", "")]


# --- Consent and purposes


def test_consent_that_was_withdrawn_is_withdrawn(account, visitor, backup):
    notice = current_notice(account)
    record_consent(account=account, person=visitor, form="chat", given=Given.to_all(notice))
    copy = backup()
    withdraw_consent(account=account, person=visitor, form="chat")

    replayed(copy)

    (answer,) = answers_of(account=account, person=visitor)
    assert (answer.state, ConsentRecord.objects.count()) == ("withdrawn", 2)
    assert ("consent.withdrawn", "rebuilt", "", "") in findings()


def test_purpose_that_was_given_up_is_given_up(account, manager, backup):
    purpose = Purpose(
        account=account, key="news", names={"en": "News"}, basis="consent", questions={"en": "News?"}
    )
    save_purpose(purpose=purpose, by=manager)
    copy = backup()
    purpose.is_active = False
    save_purpose(purpose=purpose, by=manager)

    replayed(copy)

    assert Purpose.objects.get(key="news").is_active is False


# --- Tickets, and people who became one


def test_ticket_that_was_opened_again_is_not_erased_by_its_former_close(account, agent, backup):
    ticket = factories.ticket(account, closed_at=timezone.now() - timedelta(days=100))
    copy = backup()
    change_status(ticket=ticket, status=Ticket.Status.OPEN, by=agent)

    replayed(copy)

    again = Ticket.objects.get()
    assert (again.status, again.closed_at) == ("open", None)
    assert (purge_later().erased, is_there(ticket)) == (0, [True])


def test_ticket_that_was_closed_is_closed_since_then(account, agent, backup):
    ticket = factories.ticket(account)
    copy = backup()
    close_ticket(ticket=ticket, by=agent)
    ticket.refresh_from_db()

    replayed(copy)

    again = Ticket.objects.get()
    assert (again.status, abs((again.closed_at - ticket.closed_at).total_seconds()) < 1) == ("closed", True)


@pytest.fixture
def merged(account, backup):
    """Return a function that lets two contacts become one after the backup, and puts the backup back."""

    def restore(*lacks: str) -> tuple[Contact, Ticket]:
        known = factories.contact(account, email="vera@mail.example", verified_at="2026-01-01T00:00Z")
        requester = factories.contact(account, email="vera@mail.example")
        ticket = factories.ticket(account, requester=requester)
        notice = current_notice(account)
        record_consent(account=account, person=requester, form="ticket", given=Given.to_all(notice))
        copy = backup()
        if lacks:
            with older_version(*lacks):
                verify_address(participant=ticket.participants.get())
            erase_units(Contact, [requester.pk], account_id=account.pk, reason="merged")
        else:
            verify_address(participant=ticket.participants.get())
        copy.put_back()
        assert gate_state() is Gate.STALE_MAIN
        replay_erasures()
        return known, ticket

    return restore


def test_what_had_become_somebody_elses_is_theirs_again(merged, account):
    known, ticket = merged()

    again = Ticket.objects.get(pk=ticket.pk)
    assert (again.requester, again.participants.get().contact) == (known, known)
    assert Contact.objects.get() == known
    assert [answer.state for answer in answers_of(account=account, person=known)] == ["given"]
    assert gate_state() is Gate.OPEN


def test_ticket_of_which_nobody_can_tell_whose_it_became_stays_with_nobody(merged):
    known, ticket = merged("mark")

    again = Ticket.objects.get(pk=ticket.pk)
    assert again.subject == "A torn page"
    assert (again.requester.name, again.requester.email, again.requester.email_index) == ("", "", "")
    assert again.requester != known
    assert (gate_state(), findings()) == (Gate.OPEN, [("contact.merged", "lost", "", "")])
