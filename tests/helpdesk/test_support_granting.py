"""Support access is the owner's to give: to whom, for how long, why. It ends with what it rests on."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from freezegun import freeze_time

from config.celery import app
from helpdesk.client_ip import resolve
from helpdesk.models import StaffMail, SupportGrant, SupportOpening, User
from helpdesk.services.account_settings import change_account
from helpdesk.services.accounts import assign_managers
from helpdesk.services.people import change_role, deactivate_person
from helpdesk.services.person_settings import change_person
from helpdesk.services.support import (
    AlreadyGranted,
    NotEligible,
    NotInForce,
    end_support,
    expire_support,
)
from helpdesk.tasks import expire_support as expire_task
from privacy import ledger
from privacy.models import DataKey, LedgerEntry
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.people.export import export_person
from tests import factories
from tests.helpdesk.support import REASON, actions, granted, params_of

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/agent/support/"
HERE = resolve("198.51.100.1", [])


def form(person: User, **values) -> dict:
    return {"person": str(person.pk), "hours": "4", "reason": REASON} | values


def in_force() -> list[SupportGrant]:
    return list(SupportGrant.objects.in_force())


# --- Granting


@pytest.mark.parametrize("who", ["manager", "operator"])
@pytest.mark.parametrize("hours", [1, 4, 24, 72])
def test_owner_grants_access_for_a_stated_time(account, owner, owner_client, who, hours, request):
    person, before = request.getfixturevalue(who), timezone.now()

    answer = owner_client.post(f"{PAGE}grant/", form(person, hours=hours, with_files="on"), follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    grant = SupportGrant.objects.get()
    assert (grant.account, grant.user, grant.given_by, grant.reason) == (account, person, owner, REASON)
    assert grant.with_files
    assert grant.until - grant.created_at == timedelta(hours=hours)
    assert before <= grant.created_at <= timezone.now()
    assert in_force() == [grant]
    assert params_of("support.granted") == {
        "grant": grant.pk.hex,
        "reader": ledger.reference(person),
        "who": ledger.reference(owner),
        "hours": hours,
        "files": True,
    }


def test_owner_sees_who_until_when_and_why(owner, owner_client, account, manager):
    grant = granted(account, manager, owner)

    page = owner_client.get(PAGE).content.decode()

    running = page.split('id="running"')[1].split("</section>")[0]
    for words in (manager.name, "account manager", REASON.replace("'", "&#x27;"), owner.name, "names only"):
        assert words in running
    assert grant.until.strftime("%Y-%m-%dT%H:%M") in running
    assert "Nothing was opened yet." in running


def test_reason_is_sealed_and_in_no_entry_of_the_ledger(account, owner, manager):
    granted(account, manager, owner, reason="Ask about zebrafinch")

    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM helpdesk_supportgrant")
        assert "zebrafinch" not in cursor.fetchone()[0]
    assert "zebrafinch" not in "".join(str(entry.params) for entry in LedgerEntry.objects.all())
    assert SupportGrant.objects.get().key_id == manager.key_id


def test_reader_is_told_by_mail_and_without_the_reason(account, owner, manager):
    grant = granted(account, manager, owner)

    mail = StaffMail.objects.get()

    assert (mail.user, mail.to) == (manager, manager.email)
    assert mail.subject == "Bramble Books: you may read its chats and tickets"
    assert reverse("admin:support") in mail.body
    assert "Their files can't be downloaded." in mail.body
    assert [word for word in (REASON, owner.name, owner.email, str(grant.pk)) if word in mail.body] == []


@pytest.mark.parametrize("who", ["supervisor", "agent", "stranger", "manager", "operator"])
def test_nobody_but_an_owner_grants_or_ends(account, owner, manager, who, request, signed_in):
    by = request.getfixturevalue(who)
    grant = granted(account, manager, owner)
    client, other = signed_in(by), factories.manager(account)

    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}grant/", form(other)).status_code == 403
    assert client.post(f"{PAGE}{grant.pk}/end/").status_code in {403, 404}
    assert client.get(f"{PAGE}{grant.pk}/").status_code in {403, 404}
    with pytest.raises(PermissionDenied):
        granted(account, other, by)
    with pytest.raises(PermissionDenied):
        end_support(grant=grant, by=by)
    assert in_force() == [grant]


def test_owner_of_another_account_sees_and_ends_nothing(account, other_account, owner, manager, signed_in):
    grant = granted(account, manager, owner)
    other = factories.user(User.Role.OWNER, account=other_account)
    client = signed_in(other)

    assert manager.name not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{grant.pk}/end/").status_code == 404
    assert client.get(f"{PAGE}{grant.pk}/").status_code == 404
    with pytest.raises(PermissionDenied):
        granted(account, manager, other)
    with pytest.raises(PermissionDenied):
        end_support(grant=grant, by=other)
    assert in_force() == [grant]


def test_access_goes_only_to_who_looks_after_the_account(
    account, other_account, owner, owner_client, agent, supervisor, stranger
):
    off = factories.manager(account, is_active=False)
    people = [agent, supervisor, stranger, owner, off, factories.manager(other_account), factories.manager()]

    for person in people:
        answer = owner_client.post(f"{PAGE}grant/", form(person))
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"person"}
        with pytest.raises(NotEligible):
            granted(account, person, owner)

    assert not SupportGrant.objects.exists()
    assert not StaffMail.objects.exists()


def test_owner_chooses_among_managers_and_operators(owner_client, manager, operator, stranger, agent):
    page = owner_client.get(PAGE)

    assert list(page.context["form"].fields["person"].queryset) == [manager, operator]
    assert f"{manager.name} (Account manager)" in page.content.decode()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("hours", ["", "0", "2", "-1", "720", "1.5", "four", "٤", "4\x00"]),
        ("reason", ["", "short", " " * 30, "on two\nlines of text", "with \x00 in it all", "long " * 101]),
        ("person", ["", "nobody", "0192f0c1-2345-7abc-8def-0123456789ab", "\x00"]),
    ],
)
def test_what_wont_do_is_said_beside_its_field(owner_client, manager, field, values):
    for value in values:
        answer = owner_client.post(f"{PAGE}grant/", form(manager) | {field: value})

        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {field}
        assert "form-errors" in answer.content.decode()
    assert not SupportGrant.objects.exists()


def test_what_was_typed_survives_an_error(owner_client, manager):
    page = owner_client.post(f"{PAGE}grant/", form(manager, hours="3", with_files="on")).content.decode()

    assert f'value="{REASON.replace(chr(39), "&#x27;")}"' in page
    assert f'<option value="{manager.pk}" selected>' in page
    assert 'name="with_files" ' in page
    assert " checked" in page.split('name="with_files"')[1].split(">")[0]


def test_odd_time_is_refused_by_the_service(account, owner, manager):
    with pytest.raises(ValueError, match="not 1000"):
        granted(account, manager, owner, hours=1000)


def test_nobody_has_access_twice(account, owner, owner_client, manager):
    grant = granted(account, manager, owner)

    answer = owner_client.post(f"{PAGE}grant/", form(manager, hours="72"))

    assert answer.status_code == 422
    assert answer.context["form"].errors["person"] == [
        "This person has access already. End it first to grant it anew."
    ]
    with pytest.raises(AlreadyGranted):
        granted(account, manager, owner)
    assert in_force() == [grant]
    with pytest.raises(IntegrityError), transaction.atomic():
        SupportGrant.objects.create(
            account=account, user=manager, key_id=manager.key_id, reason=REASON, until=grant.until
        )


def test_access_that_ran_out_unnoticed_stands_in_nobodys_way(account, owner, manager):
    with freeze_time(timezone.now() - timedelta(hours=5)):
        old = granted(account, manager, owner)

    new = granted(account, manager, owner)

    old.refresh_from_db()
    assert (old.ended_at, old.ended_because) == (old.until, "expired")
    assert in_force() == [new]
    assert actions() == ["support.granted", "support.expired", "support.granted"]


# --- Ending


def test_owner_ends_an_access_with_one_button(account, owner, owner_client, manager):
    grant = granted(account, manager, owner)
    page = owner_client.get(PAGE).content.decode()
    assert f'action="{PAGE}{grant.pk}/end/"' in page

    answer = owner_client.post(f"{PAGE}{grant.pk}/end/", follow=True)

    grant.refresh_from_db()
    assert (grant.ended_by, grant.ended_because) == (owner, "owner")
    assert in_force() == []
    assert params_of("support.ended") == {
        "grant": grant.pk.hex,
        "reader": ledger.reference(manager),
        "who": ledger.reference(owner),
        "because": "owner",
    }
    shown = answer.content.decode()
    assert "Nobody reads along" in shown
    assert REASON.replace("'", "&#x27;") in shown.split('id="past"')[1]
    assert f'action="{PAGE}{grant.pk}/end/"' not in shown


def test_second_end_changes_nothing(account, owner, owner_client, manager):
    grant = granted(account, manager, owner)
    end_support(grant=grant, by=owner)
    ended = SupportGrant.objects.get().ended_at

    answer = owner_client.post(f"{PAGE}{grant.pk}/end/", follow=True)

    assert "This access had ended already." in answer.content.decode()
    assert SupportGrant.objects.get().ended_at == ended
    assert actions() == ["support.granted", "support.ended"]


def test_another_owner_of_the_account_ends_it_too(account, owner, manager, signed_in):
    grant = granted(account, manager, owner)
    second = factories.user(User.Role.OWNER, account=account)

    signed_in(second).post(f"{PAGE}{grant.pk}/end/")

    grant.refresh_from_db()
    assert grant.ended_by == second


def test_looking_at_the_page_ends_nothing(account, owner, owner_client, manager):
    granted(account, manager, owner)

    assert owner_client.get(f"{PAGE}{SupportGrant.objects.get().pk}/end/").status_code == 405
    assert len(in_force()) == 1


def test_time_alone_ends_it_and_the_timetable_notes_that_once(account, owner, manager):
    grant = granted(account, manager, owner, hours=1)

    assert in_force() == [grant]
    with freeze_time(grant.until - timedelta(seconds=1)):
        expire_task()
        assert in_force() == [grant]
    with freeze_time(grant.until):
        assert in_force() == []
        expire_task()
        assert expire_support() == 0

    grant.refresh_from_db()
    assert (grant.ended_at, grant.ended_because, grant.ended_by) == (grant.until, "expired", None)
    assert actions() == ["support.granted", "support.expired"]
    assert params_of("support.expired")["reader"] == ledger.reference(manager)


def test_timetable_notes_what_ran_out():
    tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert expire_task.name in tasks


def test_end_that_comes_too_late_is_a_time_that_was_over(account, owner, owner_client, manager):
    with freeze_time(timezone.now() - timedelta(hours=5)):
        grant = granted(account, manager, owner)

    with pytest.raises(NotInForce):
        end_support(grant=grant, by=owner)

    grant.refresh_from_db()
    assert (grant.ended_because, grant.ended_by) == ("expired", None)


def test_switching_off_the_reader_ends_it_for_good(account, owner, manager, operator):
    granted(account, manager, owner)
    values = {"name": manager.name, "email": manager.email, "role": manager.role}

    change_person(person=manager, by=operator, is_active=False, **values)
    change_person(person=manager, by=operator, is_active=True, **values)

    assert in_force() == []
    assert SupportGrant.objects.get().ended_because == "reader_off"
    assert params_of("support.ended")["who"] == ledger.reference(operator)


def test_switching_off_who_granted_it_ends_it(account, owner, manager, operator):
    granted(account, manager, owner)
    other = granted(account, operator, factories.user(User.Role.OWNER, account=account))

    deactivate_person(person=owner, by=manager)

    assert in_force() == [other]
    assert SupportGrant.objects.exclude(pk=other.pk).get().ended_because == "giver_off"


def test_owner_who_becomes_an_agent_leaves_no_access_behind(account, owner, manager):
    granted(account, manager, owner)

    change_role(person=owner, role=User.Role.AGENT, by=manager)
    change_role(person=owner, role=User.Role.OWNER, by=manager)

    assert in_force() == []
    assert SupportGrant.objects.get().ended_because == "giver_off"


def test_unassigning_the_manager_ends_it_for_good(account, owner, manager, operator):
    granted(account, manager, owner)
    other = granted(account, operator, owner)

    assign_managers(account=account, managers=[], by=operator)
    assign_managers(account=account, managers=[manager], by=operator)

    assert in_force() == [other]
    assert SupportGrant.objects.get(user=manager).ended_because == "unassigned"


def test_manager_keeps_what_other_accounts_granted(account, other_account, owner, operator):
    manager = factories.manager(account, other_account)
    granted(account, manager, owner)
    other = granted(other_account, manager, factories.user(User.Role.OWNER, account=other_account))

    assign_managers(account=account, managers=[], by=operator)

    assert in_force() == [other]


def test_switching_the_account_off_ends_it_for_good(account, owner, manager, operator):
    granted(account, manager, owner)
    granted(account, operator, owner)

    for is_active in (False, True):
        change_account(account=account, by=operator, address=HERE, values={"is_active": is_active})

    assert in_force() == []
    assert {grant.ended_because for grant in SupportGrant.objects.all()} == {"account_off"}


def test_other_changes_of_the_account_end_nothing(account, owner, manager, operator):
    grant = granted(account, manager, owner)

    change_account(account=account, by=operator, address=HERE, values={"name": "Bramble"}, managers=[manager])

    assert in_force() == [grant]


@pytest.mark.parametrize("off", ["reader", "giver", "account", "assignment", "giver_role", "reader_role"])
def test_access_rests_on_people_and_account_whatever_ended_them(account, owner, manager, off):
    """A row that was changed behind the back of every service lets nobody read either."""
    granted(account, manager, owner)
    people = User.objects.filter(pk=owner.pk if off.startswith("giver") else manager.pk)

    match off:
        case "reader" | "giver":
            people.update(is_active=False)
        case "account":
            type(account).objects.update(is_active=False)
        case "assignment":
            account.assignments.all().delete()
        case "giver_role":
            people.update(role=User.Role.SUPERVISOR)
        case "reader_role":
            people.update(role=User.Role.AGENT, account=account)

    assert in_force() == []


def test_lost_key_of_the_reader_keeps_no_access_open(account, owner, manager, operator):
    grant = granted(account, manager, owner)
    DataKey.objects.filter(pk=manager.key_id).delete()

    change_account(account=account, by=operator, address=HERE, values={"is_active": False})

    grant = SupportGrant.objects.get()
    assert grant.ended_because == "account_off"
    assert params_of("support.ended")["reader"] == ""


# --- Afterwards


def test_record_goes_a_year_after_its_time_with_what_was_opened(account, owner, manager):
    now = timezone.now()
    with freeze_time(now - timedelta(days=365, hours=5)):
        old = granted(account, manager, owner)
        end_support(grant=old, by=owner)
    with freeze_time(now - timedelta(days=365, hours=3)):
        young = granted(account, manager, owner)
    for grant in (old, young):
        SupportOpening.objects.create(grant=grant, unit="helpdesk.ticket", unit_id=grant.pk)

    purge(now=now)

    assert list(SupportGrant.objects.all()) == [young]
    assert SupportOpening.objects.get().grant == young


def test_record_goes_with_the_reader_and_says_nothing_in_old_copies(account, owner, manager):
    granted(account, manager, owner)
    SupportOpening.objects.create(
        grant=SupportGrant.objects.get(), unit="helpdesk.ticket", unit_id=manager.pk
    )
    copy = SupportGrant.objects.get()

    erase_person(manager, reason="request")

    assert not SupportGrant.objects.exists()
    assert not SupportOpening.objects.exists()
    assert copy.reason == ""


def test_record_outlives_who_granted_it_and_opens_nothing_then(account, owner, manager):
    granted(account, manager, owner)

    erase_person(owner, reason="request")

    assert SupportGrant.objects.get().given_by is None
    assert in_force() == []


def test_reader_gets_a_copy_of_what_was_granted_and_opened(account, owner, manager):
    grant = granted(account, manager, owner)
    SupportOpening.objects.create(grant=grant, unit="helpdesk.ticket", unit_id=manager.pk)

    copy = export_person(manager)["categories"]["access"]

    assert [row["reason"] for row in copy["helpdesk.supportgrant"]] == [REASON]
    assert [row["unit"] for row in copy["helpdesk.supportopening"]] == ["helpdesk.ticket"]


def test_page_costs_the_same_with_more_on_it(account, owner, owner_client, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(100) as seen:
            owner_client.get(PAGE)
        return len(seen)

    def one_more() -> None:
        grant = granted(account, factories.manager(account), owner)
        SupportOpening.objects.create(grant=grant, unit="helpdesk.ticket", unit_id=grant.pk)
        past = granted(account, factories.manager(account), owner)
        end_support(grant=past, by=owner)

    one_more()
    one = queries()
    one_more()
    one_more()

    assert queries() == one


def test_menu_leads_only_the_owner_there(owner_client, supervisor_client, agent_client):
    pages = [client.get("/agent/tickets/").content.decode() for client in (owner_client, supervisor_client)]

    assert [f'href="{PAGE}"' in page for page in pages] == [True, False]
    assert f'href="{PAGE}"' not in agent_client.get("/agent/tickets/").content.decode()
