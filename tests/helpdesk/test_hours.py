"""Opening hours by the clock on the wall, also when it is set forward and back, and their page."""

from datetime import UTC, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from helpdesk.hours import is_open
from helpdesk.models import Account
from helpdesk.services.teams import Stretch, set_hours
from privacy.models import LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

SUNDAY, MONDAY = 6, 0


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


@pytest.fixture
def paris(account) -> Account:
    account.time_zone = "Europe/Paris"
    account.save()
    return account


def opens(account: Account, weekday: int, begin: str, end: str) -> None:
    account.business_hours.create(weekday=weekday, opens=begin, closes=end)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_account_without_hours_is_never_open(account):
    assert not is_open(account)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-05T07:59:59", False),  # a Monday in winter: 08:59:59
        ("2026-01-05T08:00:00", True),
        ("2026-01-05T15:59:59", True),
        ("2026-01-05T16:00:00", False),
        ("2026-01-06T12:00:00", False),
        ("2026-07-06T07:00:00", True),  # a Monday in summer: 09:00
        ("2026-07-06T15:00:00", False),
    ],
)
def test_clock_on_the_wall_counts_in_winter_and_summer(paris, moment, expected):
    opens(paris, MONDAY, "09:00", "17:00")

    assert is_open(paris, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-29T00:59:59", False),  # 01:59:59
        ("2026-03-29T01:00:00", True),  # 03:00:00: half past two isn't there
        ("2026-03-29T01:59:59", True),
        ("2026-03-29T02:00:00", False),  # 04:00:00
    ],
)
def test_hour_that_is_skipped_in_spring_is_not_there(paris, moment, expected):
    opens(paris, SUNDAY, "02:30", "04:00")

    assert is_open(paris, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-24T23:59:59", False),  # 01:59:59
        ("2026-10-25T00:15:00", True),  # 02:15 for the first time
        ("2026-10-25T01:15:00", True),  # and for the second
        ("2026-10-25T02:00:00", False),  # 03:00
    ],
)
def test_hour_that_comes_twice_in_autumn_is_open_both_times(paris, moment, expected):
    opens(paris, SUNDAY, "02:00", "03:00")

    assert is_open(paris, at(moment)) is expected


def test_day_that_is_open_until_midnight_ends_there(paris):
    opens(paris, SUNDAY, "22:00", "00:00")

    assert [is_open(paris, at(f"2026-01-04T{t}")) for t in ("20:59:00", "21:00:00", "22:59:59")] == [
        False,
        True,
        True,
    ]
    assert not is_open(paris, at("2026-01-04T23:00:00"))


def test_stretch_that_ends_before_it_begins_is_refused_by_the_database(account):
    with pytest.raises(IntegrityError), transaction.atomic():
        opens(account, MONDAY, "17:00", "09:00")
    with pytest.raises(ValidationError):
        set_hours(account=account, stretches=[Stretch(0, time(17), time(9))], by=None)

    assert not account.business_hours.exists()


# The page


def monday(*times: str) -> dict[str, str]:
    return dict(zip(["day0-opens0", "day0-closes0", "day0-opens1", "day0-closes1"], times, strict=True))


def path_of(account: Account) -> str:
    return reverse("admin:helpdesk_hours", args=[account.pk])


def week(**given: str) -> dict[str, str]:
    names = [f"day{day}-{end}{n}" for day in range(7) for n in range(2) for end in ("opens", "closes")]
    return dict.fromkeys(names, "") | given


def test_manager_sets_the_week_and_it_stands_on_the_accounts_page(manager_client, account):
    given = monday("09:00", "12:00", "13:00", "00:00")

    answer = manager_client.post(path_of(account), week(**given))

    assert answer.status_code == 302
    assert list(account.business_hours.values_list("weekday", "opens", "closes")) == [
        (0, time(9), time(12)),
        (0, time(13), time(0)),
    ]
    shown = manager_client.get(path_of(account)).content.decode()
    assert 'value="13:00"' in shown
    page = manager_client.get(reverse("admin:helpdesk_account_change", args=[account.pk])).content.decode()
    assert "Monday: 09:00\N{EN DASH}12:00, 13:00\N{EN DASH}00:00" in page
    (entry,) = LedgerEntry.objects.filter(account_id=account.pk, action="hours.changed")
    assert entry.params["stretches"] == 2


def test_same_week_again_changes_nothing(manager_client, account):
    given = week(**{"day6-opens0": "09:00", "day6-closes0": "12:00"})
    manager_client.post(path_of(account), given)

    manager_client.post(path_of(account), given)

    assert LedgerEntry.objects.filter(account_id=account.pk, action="hours.changed").count() == 1


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"day0-opens0": "09:00"}, "closes0", "Say both, or none."),
        ({"day0-closes0": "09:00"}, "opens0", "Say both, or none."),
        ({"day0-opens0": "12:00", "day0-closes0": "09:00"}, "closes0", "It ends before it begins."),
        ({"day0-opens0": "12:00", "day0-closes0": "12:00"}, "closes0", "It ends before it begins."),
        ({"day0-opens0": "25:00", "day0-closes0": "26:00"}, "opens0", "Enter a valid time."),
        (
            monday("09:00", "13:00", "12:00", "14:00"),
            "opens1",
            "It begins before the other one has ended.",
        ),
        (
            monday("09:00", "00:00", "12:00", "14:00"),
            "opens1",
            "It begins before the other one has ended.",
        ),
    ],
)
def test_bad_hours_are_refused_beside_their_field_and_nothing_is_lost(
    manager_client, account, given, field, says
):
    opens(account, SUNDAY, "10:00", "11:00")

    answer = manager_client.post(path_of(account), week(**given))

    assert answer.status_code == 422
    monday = answer.context["days"][0]
    assert says in str(monday.errors[field])
    assert [f'value="{value}"' in answer.content.decode() for value in given.values()] == [True] * len(given)
    assert account.business_hours.get().weekday == SUNDAY


def test_hours_of_a_foreign_account_are_not_there(manager_client, other_account):
    path = path_of(other_account)

    assert [manager_client.get(path).status_code, manager_client.post(path, week()).status_code] == [404, 404]
