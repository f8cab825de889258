"""The tab of retention: what may be decided, what a decision asks for, and what it shows before it counts."""

from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from helpdesk.services.retention import Decision, change_retention
from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.models import Plan, PolicyVersion, RetentionPolicy
from privacy.models.retention import DECIDED
from privacy.presets import PRESETS
from privacy.services.erasing.purge import purge
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule, Term, Unit
from tests import factories
from tests.helpdesk.test_admin_pages import as_shown, errors_of, path_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

A_WEEK = {"ticket_rule": "after", "ticket_amount": 1, "ticket_unit": "weeks"}


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


@pytest.fixture
def standard(account):
    account.plan = Plan.objects.get(pk="standard")
    account.save()
    return account


def old_tickets(account, number, *, days=10):
    for _number in range(number):
        factories.ticket(account, closed_at=timezone.now() - timedelta(days=days))


def decided(account, category="ticket"):
    return RetentionPolicy.objects.get(account=account, category=category).term


def post(client, account, **chosen):
    return client.post(path_of(account), as_shown(client, account) | chosen)


def rehearsed(client, account, **chosen):
    path = reverse("admin:helpdesk_account_preview", args=[account.pk, "retention"])
    return client.post(path, as_shown(client, account) | chosen)


# --- Deciding


def test_every_category_has_a_row_with_the_rule_in_force(manager_client, account):
    shown = manager_client.get(path_of(account))

    rows = shown.context["retention"].rows
    assert [row.category for row in rows] == DECIDED
    text = shown.text
    assert "Erased 30 days after it is closed" in text
    assert "Erased as soon as no chat or ticket is left" in text
    assert "Erased 5 years after it was given" in text


def test_rule_is_saved_with_its_reason_and_waits_a_day(manager_client, account, manager):
    old_tickets(account, 1)
    factories.ticket(account, closed_at=timezone.now() - timedelta(days=2))

    post(manager_client, account, **A_WEEK, reason="Returns end after a week")
    purge(account_id=account.pk)
    during_cooling_off = account.tickets.count()
    purge(account_id=account.pk, now=timezone.now() + timedelta(hours=25))

    version = PolicyVersion.objects.get(account=account)
    assert (version.by, version.reason) == (manager, "Returns end after a week")
    assert decided(account) == Term(Rule.AFTER, 1, Unit.WEEKS)
    assert (during_cooling_off, account.tickets.count()) == (2, 1)


def test_schedule_clock_archive_and_figures_are_saved(manager_client, account):
    post(
        manager_client,
        account,
        chat_rule="after",
        chat_amount=6,
        chat_unit="months",
        chat_clock="last_message",
        chat_every="weekly",
        chat_weekday=2,
        chat_hour=0,
        chat_archive_amount=3,
        chat_archive_unit="years",
        chat_at_end="skeleton",
    )

    row = RetentionPolicy.objects.get(account=account, category="chat")
    assert Decision.of(row) == Decision(
        Term(Rule.AFTER, 6, Unit.MONTHS),
        clock="last_message",
        cadence=Cadence(Every.WEEKLY, hour=0, weekday=2),
        at_end="skeleton",
        archive=Term(Rule.AFTER, 3, Unit.YEARS),
    )


def test_category_that_was_not_touched_stays_with_the_plan(manager_client, account):
    post(manager_client, account, **A_WEEK)

    assert set(account.retention_policies.values_list("category", flat=True)) == {"chat", "ticket"}


@pytest.mark.parametrize("amount", ["", "0", "1201", "-1", "many"])
def test_amount_out_of_range_is_refused_beside_its_field(manager_client, account, amount):
    answer = post(manager_client, account, chat_rule="after", chat_amount=amount, chat_unit="days")

    assert list(errors_of(answer)) == ["chat_amount"]
    assert decided(account, "chat").amount == 30


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chat_rule", "sometimes"),
        ("chat_unit", "decades"),
        ("chat_clock", "bare_since"),
        ("chat_every", "yearly"),
        ("chat_at_end", "burn"),
        ("chat_archive_amount", "-3"),
        ("reason", "two\nlines"),
    ],
)
def test_value_that_is_none_is_refused_beside_its_field(manager_client, account, field, value):
    answer = post(manager_client, account, **{"ticket_amount": 40, field: value})

    assert list(errors_of(answer)) == [field]
    assert decided(account).amount == 30


def test_control_that_counts_for_nothing_is_not_complained_about(manager_client, account):
    answer = post(manager_client, account, mail_rule="at_once", mail_amount="", mail_every="never")

    assert answer.status_code == 302
    assert decided(account, "mail").rule == Rule.AT_ONCE


# --- The plan


def test_plan_without_schedules_shows_what_it_bars_and_why(manager_client, standard):
    text = manager_client.get(path_of(standard)).text

    assert "Part of the plan Enterprise." in text
    assert "With the plan Standard it is kept for 3 months at most; shorter is always yours." in text
    keep = text[text.index('name="chat_rule" value="keep"') :].split(">")[0]
    assert "disabled" in keep


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"chat_amount": 4, "chat_unit": "months"}, "chat_amount"),
        ({"chat_rule": "keep"}, "chat_rule"),
        ({"chat_every": "weekly"}, "chat_every"),
        ({"chat_archive_amount": 1, "chat_archive_unit": "years"}, "chat_archive_amount"),
    ],
)
def test_what_is_beyond_the_plan_is_refused_beside_its_field(manager_client, standard, chosen, field):
    answer = post(manager_client, standard, **chosen)

    assert list(errors_of(answer)) == [field]
    assert decided(standard, "chat") == Term(Rule.AFTER, 30, Unit.DAYS)


@pytest.mark.parametrize(
    "chosen", [{"chat_rule": "at_once"}, {"chat_amount": 5}, {"mail_amount": 1, "mail_unit": "days"}]
)
def test_shorter_is_open_to_every_plan(manager_client, standard, chosen):
    assert post(manager_client, standard, **chosen).status_code == 302
    assert PolicyVersion.objects.filter(account=standard).count() == 1


def test_rule_of_a_plan_that_was_left_stands_in_nobodys_way(manager_client, standard):
    factories.policy(standard, Category.CHAT, rule=Rule.KEEP)
    posted = as_shown(manager_client, standard)
    del posted["chat_rule"]  # its button can't be pressed, so no browser posts it

    answer = manager_client.post(path_of(standard), posted | {"name": "Other name"})

    assert answer.status_code == 302
    assert decided(standard, "chat").rule == Rule.KEEP
    assert "limited by the plan" in manager_client.get(path_of(standard)).text


def test_longer_term_and_the_plan_that_forbids_it_are_not_saved_together(operator_client, account):
    posted = as_shown(operator_client, account) | {
        "plan": "standard",
        "chat_amount": 4,
        "chat_unit": "months",
    }

    answer = operator_client.post(path_of(account), posted, follow=True)

    assert "Nothing was saved. With this plan it is kept for 3 months at most." in answer.text
    account.refresh_from_db()
    assert (account.plan_id, decided(account, "chat").amount) == ("enterprise", 30)


def test_presets_beyond_the_plan_say_so(manager_client, standard):
    offers = {
        offer.preset.code: offer.beyond for offer in manager_client.get(path_of(standard)).context["presets"]
    }

    assert offers["nothing"] == []
    assert "tickets" in offers["regulated"]
    assert "?preset=regulated" not in manager_client.get(path_of(standard)).text


# --- Presets


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.code)
def test_preset_fills_the_form_and_is_saved_as_shown(manager_client, account, preset):
    page = f"{path_of(account)}?preset={preset.code}"
    rows = manager_client.get(page).context["retention"].rows
    unsaved = PolicyVersion.objects.filter(account=account).exists()
    posted = as_shown(manager_client, account)
    for row in rows:
        posted |= {field.html_name: field.value() for field in row if field.value() is not None}

    answer = manager_client.post(page, posted)

    assert (unsaved, answer.status_code) == (False, 302)
    for category, kept in preset.rules.items():
        rule = policy_in_force(account_id=account.pk, category=category)
        assert (rule.term.code(), rule.archive, rule.cadence) == (
            kept.term.code(),
            kept.archive,
            kept.cadence,
        )


def test_presets_and_rehearsal_quote_only_what_the_notice_says(manager_client, account):
    stored = {
        "chat transcripts",
        "files of chats",
        "tickets",
        "files of tickets",
        "contacts with nothing left",
        "outgoing mail",
    }
    page = manager_client.get(path_of(account))
    offers = {offer.preset.code: offer.sentences for offer in page.context["presets"]}

    told = rehearsed(manager_client, account, technical_rule="at_once", mail_rule="at_once").context["told"]

    assert {label for label, _sentence in offers["nothing"]} == stored
    assert {row.label for row, sentence in told if sentence} == {"outgoing mail"}


def test_preset_that_is_none_fills_nothing(manager_client, account):
    assert manager_client.get(f"{path_of(account)}?preset=other").context["retention"].preset is None


# --- Typing the number


def test_shorter_rule_that_erases_many_asks_for_the_number(manager_client, account):
    account.confirm_above = 1
    account.save()
    old_tickets(account, 2)

    asked = post(manager_client, account, **A_WEEK)
    wrong = post(manager_client, account, **A_WEEK, typed_number=2)

    for answer in (asked, wrong):
        each = "tickets: 2, contacts with nothing left: 2"
        said = f"These rules erase 4 things that are there now ({each}). Type 4."
        assert errors_of(answer) == {"typed_number": [said]}
    assert decided(account).amount == 30
    assert post(manager_client, account, **A_WEEK, typed_number=4).status_code == 302
    assert decided(account).amount == 1


def test_number_is_counted_again_when_it_is_saved(manager_client, account):
    account.confirm_above = 1
    account.save()
    old_tickets(account, 2)
    posted = as_shown(manager_client, account) | A_WEEK | {"typed_number": 4}
    old_tickets(account, 1)

    answer = manager_client.post(path_of(account), posted)

    assert list(errors_of(answer)) == ["typed_number"]
    assert decided(account).amount == 30


def test_few_things_need_no_number(manager_client, account):
    old_tickets(account, 2)

    assert post(manager_client, account, **A_WEEK).status_code == 302


def test_limit_can_not_be_raised_in_the_same_save(manager_client, account):
    account.confirm_above = 1
    account.save()
    old_tickets(account, 2)

    answer = post(manager_client, account, **A_WEEK, confirm_above=50)

    assert list(errors_of(answer)) == ["typed_number"]


def test_limit_is_never_more_than_a_hundred(manager_client, account):
    refused = post(manager_client, account, confirm_above=101)

    assert errors_of(refused) == {"confirm_above": ["Ensure this value is less than or equal to 100."]}
    assert post(manager_client, account, confirm_above=100).status_code == 302


def test_number_speaks_of_each_category_and_leaves_out_what_is_held(manager_client, account):
    account.confirm_above = 1
    account.save()
    old_tickets(account, 3)
    factories.chat(account, closed_at=timezone.now() - timedelta(days=10))
    held = account.tickets.first()
    factories.hold(held)

    answer = post(manager_client, account, **A_WEEK, chat_rule="at_once")

    said = "(chat transcripts: 1, tickets: 2, contacts with nothing left: 3). Type 6."
    assert said in errors_of(answer)["typed_number"][0]


def silent_tickets(account, number, *, days=40):
    since = timezone.now() - timedelta(days=days)
    for _number in range(number):
        factories.ticket(account, created_at=since, last_activity_at=since)


def test_shorter_silence_that_closes_and_erases_many_asks_for_the_number(manager_client, account):
    account.confirm_above = 1
    account.save()
    factories.policy(account, "ticket", rule=Rule.AT_ONCE)
    silent_tickets(account, 3)
    silent_tickets(account, 1, days=20)

    shown = rehearsed(manager_client, account, silent_ticket_days=30).content.decode()
    asked = post(manager_client, account, silent_ticket_days=30)

    assert "3 silent tickets would be closed a day after you save." in shown
    each = "tickets: 3, contacts with nothing left: 3"
    said = f"These rules erase 6 things that are there now ({each}). Type 6."
    assert errors_of(asked) == {"typed_number": [said]}
    assert post(manager_client, account, silent_ticket_days=30, typed_number=6).status_code == 302
    account.refresh_from_db()
    assert account.silent_ticket_days == 30


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ({"ticket_rule": "at_once"}, True),
        ({"ticket_rule": "after", "ticket_amount": 7}, False),
        ({"ticket_rule": "after", "ticket_amount": 7, "ticket_clock": "last_activity"}, True),
        ({"ticket_rule": "after", "ticket_amount": 100, "ticket_clock": "last_activity"}, False),
    ],
)
def test_number_of_what_a_limit_closes_speaks_of_what_is_erased_with_it(manager_client, account, rule, asked):
    account.confirm_above = 1
    account.save()
    silent_tickets(account, 2)

    answer = post(manager_client, account, silent_ticket_days=30, **rule)

    assert (answer.status_code == 200) is asked


def test_shorter_silence_of_chats_is_rehearsed_too(manager_client, account):
    for _number in range(2):
        factories.chat(account, last_message_at=timezone.now() - timedelta(minutes=20))

    shown = rehearsed(manager_client, account, idle_minutes=10).content.decode()

    assert "2 silent chats would be closed, a day after you save at the latest." in shown


@pytest.mark.parametrize("limit", ["", "none", "0", "99999999999999999999"])
def test_limit_that_is_none_is_refused_beside_its_field(manager_client, account, limit):
    assert list(errors_of(post(manager_client, account, silent_ticket_days=limit))) == ["silent_ticket_days"]
    assert rehearsed(manager_client, account, silent_ticket_days=limit).status_code == 200


# --- The wait


def test_wait_is_skipped_with_a_reason_only(manager_client, account):
    old_tickets(account, 1)

    refused = post(manager_client, account, **A_WEEK, skip_cooling="on")
    post(manager_client, account, **A_WEEK, skip_cooling="on", reason="Told by the DPO")
    purge(account_id=account.pk)

    assert errors_of(refused) == {"reason": ["Say why it can't wait."]}
    assert account.tickets.count() == 0


def test_wait_is_shown_and_ended_with_a_reason(manager_client, account):
    old_tickets(account, 1)
    post(manager_client, account, **A_WEEK)
    end = reverse("admin:helpdesk_account_cooling", args=[account.pk, "ticket"])

    waiting = manager_client.get(path_of(account)).text
    manager_client.post(end, {"reason": " "})
    purge(account_id=account.pk)
    still_there = account.tickets.count()
    answer = manager_client.post(end, {"reason": "Told by the DPO"})
    purge(account_id=account.pk)

    assert f'action="{end}"' in waiting
    assert "cooling off until" in waiting
    assert still_there == 1
    assert answer.url == f"{path_of(account)}#retention"
    assert account.tickets.count() == 0
    assert f'action="{end}"' not in manager_client.get(path_of(account)).text


def test_stranger_ends_no_wait_and_rehearses_nothing(signed_in, other_account, manager_client, account):
    stranger = signed_in(factories.manager(other_account))
    old_tickets(account, 1)
    post(manager_client, account, **A_WEEK)

    for name, part in (("cooling", "ticket"), ("preview", "retention")):
        path = reverse(f"admin:helpdesk_account_{name}", args=[account.pk, part])
        assert stranger.post(path, {"reason": "Curious"}).status_code == 404

    assert account.cooling_offs.get().category == "ticket"


# --- The rehearsal


def test_rehearsal_foretells_and_saves_nothing(manager_client, account):
    old_tickets(account, 3)
    old_tickets(account, 1, days=5)

    answer = rehearsed(manager_client, account, **A_WEEK)

    assert (answer.context["rehearsal"].at_first_run, answer.context["rehearsal"].in_all) == (3, 4)
    assert "Erased 1 week after it is closed" in answer.text
    assert answer.text.count("<rect ") == 2
    assert decided(account).amount == 30


def test_rehearsal_says_what_goes_along(manager_client, account):
    factories.policy(account, "contact", rule=Rule.AT_ONCE)
    old_tickets(account, 2)

    answer = rehearsed(manager_client, account, **A_WEEK)

    assert "and 2 contacts with them" in answer.text


def test_rehearsal_without_script_is_part_of_the_page(manager_client, account):
    old_tickets(account, 3)

    answer = post(manager_client, account, **A_WEEK, _rehearse="1", name="Unsaved name")

    assert answer.context["rehearsal"].in_all == 3
    assert errors_of(answer) == {}
    assert 'value="Unsaved name"' in answer.text
    account.refresh_from_db()
    assert (account.name, decided(account).amount) == ("Bramble Books", 30)


def test_rehearsal_says_what_is_incomplete_and_what_conflicts(manager_client, account):
    answer = rehearsed(manager_client, account, chat_amount="", consent_amount=1, consent_unit="days")

    assert (
        "Not complete or not allowed yet, so the present rule is rehearsed: chat transcripts." in answer.text
    )
    assert (
        "Tickets may be kept longer than the proof that somebody agreed to it (Article 7(1))." in answer.text
    )
    assert "Files of tickets are kept longer than tickets, but go with them at the latest." in answer.text


def test_rehearsal_speaks_the_language_of_visitors_and_names_no_person(manager_client, account, visitor):
    factories.ticket(account, requester=visitor, closed_at=timezone.now() - timedelta(days=10))

    text = rehearsed(manager_client, account, **A_WEEK).text

    assert 'lang="en"' in text
    assert "Vera" not in text
    assert "torn page" not in text


# --- Versions


def test_versions_say_who_changed_what_and_why(manager_client, account, manager):
    change_retention(
        account=account,
        decisions={Category.CHAT: Decision(Term(Rule.AFTER, 3, Unit.WEEKS))},
        by=None,
        skip_cooling=True,
    )
    post(manager_client, account, **A_WEEK, reason="Returns end after a week")

    second, first = manager_client.get(path_of(account)).context["policy_versions"]
    assert (first.number, first.reason) == (1, "")
    assert "erased" in first.who
    assert (second.number, second.who) == (2, manager.get_full_name())
    assert [(change.category, change.before, change.after) for change in second.changes] == [
        ("tickets", "Erased 30 days after it is closed", "Erased 1 week after it is closed")
    ]
    assert second.reason == "Returns end after a week"


def test_history_of_the_admin_says_that_retention_changed(manager_client, account):
    post(manager_client, account, **A_WEEK)

    history = manager_client.get(reverse("admin:helpdesk_account_history", args=[account.pk])).text
    assert "Retention" in history


def test_page_costs_the_same_with_one_version_and_with_four(manager_client, account):
    def queries():
        with CaptureQueriesContext(connection) as main, CaptureQueriesContext(connections["vault"]) as vault:
            assert manager_client.get(path_of(account)).status_code == 200
        return len(main) + len(vault)

    def change(weeks):
        decisions = {Category.CHAT: Decision(Term(Rule.AFTER, weeks, Unit.WEEKS))}
        by = factories.manager(account)
        change_retention(account=account, decisions=decisions, by=by, skip_cooling=True)

    change(3)
    queries()  # what is cached after the first page
    one = queries()
    for weeks in (4, 5, 6):
        change(weeks)

    assert queries() == one
