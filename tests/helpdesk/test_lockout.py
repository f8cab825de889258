from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory
from freezegun import freeze_time

from helpdesk.lockout import keyed_name, keyed_username, lift_lockout, lockouts_of
from privacy import ledger
from privacy.models import OutboxLine
from privacy.services.erasing.purge import purge
from tests import factories
from tests.factories import PASSWORD

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
WRONG = "another-river-of-tests"
SPELLINGS = [
    "ada@staff.example",
    "ADA@staff.example",
    " ada@Staff.Example",
    "\uff41da@staff.example",
    "Ada@STAFF.example",
]


@pytest.fixture
def ada(account):
    return factories.user(account=account, email="ada@staff.example")


def attempt(email="ada@staff.example", password=WRONG, *, client=None, **extra):
    return (client or Client()).post("/sign-in/", {"username": email, "password": password}, **extra)


def fail(times, **extra):
    return [attempt(**extra).status_code for _ in range(times)]


def every_cell(model) -> str:
    return repr(list(model.objects.values_list()))


def test_fifth_failure_locks_out_even_the_right_password(ada):
    statuses = fail(5)

    response = attempt(password=PASSWORD)

    assert statuses == [200, 200, 200, 200, 429]
    assert response.status_code == 429
    assert "You can try again in 15 minutes." in response.content.decode()
    assert response["Retry-After"] == "900"


def test_lockout_is_told_in_json_where_json_is_asked_for(ada):
    fail(5)

    response = attempt(headers={"Accept": "application/json"})

    assert response.status_code == 429
    assert response.json()["error"] == "locked_out"
    assert ada.email not in response.content.decode()


def test_lockout_says_the_same_for_people_who_do_not_exist(ada):
    known = fail(5)
    unknown = fail(5, email="nobody@staff.example")

    assert known == unknown


def test_spellings_of_an_address_share_one_counter(ada):
    statuses = [attempt(email).status_code for email in SPELLINGS]

    assert statuses[-1] == 429
    assert AccessAttempt.objects.count() == 1


def test_lockout_stays_with_the_address_it_came_from(ada):
    fail(5, REMOTE_ADDR="198.51.100.1")

    elsewhere = attempt(password=PASSWORD, REMOTE_ADDR="203.0.113.7")

    assert elsewhere.status_code == 302


def test_lockout_of_one_person_is_nobody_elses(ada, teammate):
    fail(5)

    assert attempt(teammate.email, PASSWORD).status_code == 302


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_lockout_is_not_escaped_by_claimed_addresses(ada, header):
    statuses = [attempt(headers={header: f"203.0.113.{number}"}).status_code for number in range(6)]

    assert statuses[-2:] == [429, 429]


def test_lockout_is_not_escaped_by_another_browser(ada):
    statuses = [attempt(headers={"User-Agent": f"Browser {number}"}).status_code for number in range(6)]

    assert statuses[-2:] == [429, 429]


def test_lockout_ends_after_its_time_and_is_not_prolonged_by_trying(ada):
    with freeze_time(NOON) as clock:
        fail(5)
        clock.move_to(NOON + timedelta(minutes=14, seconds=30))
        during = attempt(password=PASSWORD)
        clock.move_to(NOON + timedelta(minutes=15, seconds=1))
        after = attempt(password=PASSWORD)

    assert during.status_code == 429
    assert "You can try again in 1 minute." in during.content.decode()
    assert after.status_code == 302


def test_failures_are_forgotten_after_their_time(ada):
    with freeze_time(NOON) as clock:
        fail(4)
        clock.move_to(NOON + timedelta(minutes=15, seconds=1))
        statuses = fail(2)

    assert statuses == [200, 200]
    assert AccessAttempt.objects.get().failures_since_start == 2


def test_success_clears_the_counter(ada):
    fail(4)
    attempt(password=PASSWORD)

    assert AccessAttempt.objects.count() == 0
    assert attempt().status_code == 200


def test_tables_hold_nothing_that_was_typed(ada):
    marker = "typed-7Kq"
    client = Client(headers={"User-Agent": f"agent-{marker}", "Accept": f"text/html,accept-{marker}"})
    posted = {
        "username": f"{marker}@staff.example",
        "password": f"secret-{marker}",
        f"field-{marker}": marker,
    }

    client.post("/sign-in/", posted, query_params={"next": f"/{marker}", marker: marker})
    client.post("/sign-in/", posted)

    cells = every_cell(AccessAttempt) + every_cell(AccessLog) + every_cell(AccessFailureLog)
    assert marker not in cells
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == 2
    assert (attempt.get_data, attempt.post_data, attempt.user_agent, attempt.http_accept) == ("", "", "", "")
    assert attempt.path_info == ""


def test_password_typed_as_the_address_is_not_kept(ada):
    attempt(PASSWORD, "")
    attempt(PASSWORD, WRONG)

    assert PASSWORD not in every_cell(AccessAttempt)
    assert AccessAttempt.objects.get().username == keyed_name(PASSWORD)


def test_success_keeps_no_log(ada):
    attempt(password=PASSWORD)

    assert (AccessLog.objects.count(), AccessFailureLog.objects.count()) == (0, 0)


def test_rows_do_not_grow_with_failures(ada):
    fail(30)

    assert AccessAttempt.objects.count() == 1
    assert len(every_cell(AccessAttempt)) < 500


def test_input_that_can_be_nobodys_is_not_counted(ada):
    statuses = fail(6, email="a" * 300) + fail(6, email="ada\x00@staff.example")

    assert statuses == [200] * 12
    assert AccessAttempt.objects.count() == 0


@pytest.mark.parametrize("username", ["a" * 1_000_000, "ada\x00@staff.example", "\ud800", "", None, ["x"], 7])
def test_authenticate_counts_whatever_it_is_given(db, username):
    request = RequestFactory().post("/sign-in/")

    found = authenticate(request, username=username, password=WRONG)

    assert found is None
    assert AccessAttempt.objects.get().failures_since_start == 1


def test_keyed_username_reads_credentials_then_the_form(db):
    request = RequestFactory().post("/sign-in/", {"username": "ada@staff.example"})

    named = [
        keyed_username(request, {"username": "ADA@staff.example"}),
        keyed_username(request, {"email": "ada@staff.example"}),
        keyed_username(request, None),
    ]

    assert named == [keyed_name("ada@staff.example")] * 3


def test_keyed_name_is_not_the_index_by_which_people_are_found(ada):
    assert keyed_name(ada.email) != ada.email_index


def test_lockouts_of_people_says_who_and_until_when(ada, teammate, stranger):
    with freeze_time(NOON):
        fail(5)
        fail(5, email=stranger.email)
        fail(4, email=teammate.email)
        found = lockouts_of([ada, teammate])

    assert [(lockout.person, lockout.until) for lockout in found] == [(ada, NOON + timedelta(minutes=15))]


def test_lockouts_of_people_are_over_after_their_time(ada):
    with freeze_time(NOON):
        fail(5)
    with freeze_time(NOON + timedelta(minutes=15, seconds=1)):
        found = lockouts_of([ada])

    assert found == []


def test_lockouts_of_nobody_are_none(db):
    assert lockouts_of([]) == []


def test_lockouts_of_many_people_cost_one_query_while_nobody_is_locked_out(
    account, django_assert_num_queries
):
    people = [factories.user(account=account) for _ in range(3)]
    fail(4)

    with django_assert_num_queries(1):
        assert lockouts_of(people) == []


def test_failures_are_purged_when_nobody_tries_again(ada):
    with freeze_time(NOON):
        fail(3)

    purge(now=NOON + timedelta(minutes=59))
    kept = AccessAttempt.objects.count()
    purge(now=NOON + timedelta(minutes=61))

    assert (kept, AccessAttempt.objects.count()) == (1, 0)


def test_lift_lockout_lets_the_person_in_at_once(ada, manager, teammate):
    fail(5)
    fail(5, REMOTE_ADDR="203.0.113.7")
    fail(5, email=teammate.email)

    lift_lockout(person=ada, by=manager)

    assert attempt(password=PASSWORD).status_code == 302
    assert attempt(teammate.email, PASSWORD).status_code == 429
    line = OutboxLine.objects.get(action="lockout.lifted")
    assert line.params == {"person": ledger.reference(ada), "who": ledger.reference(manager)}
