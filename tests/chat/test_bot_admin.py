"""The bot in the admin: steps that may have faults, tried without a trace, published without a fault."""

import json
import re

import pytest
from django.db import connections
from django.urls import reverse

from chat.bot.flow import END, Flow, Kind, Step
from chat.models import BotFlow, BotVersion, Conversation
from chat.services.flows import ChangedMeanwhile, draft_of, published_version, save_step
from helpdesk.models import Account, Team
from privacy.models import LedgerEntry
from tests import factories
from tests.chat.bots import STEPS, asks_by_bot, publish, step, write
from tests.chat.test_bot_consent import rows

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

AGENT = step("agent", Kind.AGENT)
HI = step("hi", Kind.MESSAGE, "Hi!", next="agent")


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


def path(name: str, account: Account, *more: str) -> str:
    return reverse(f"admin:chat_bot{name and '_' + name}", args=[account.pk, *more])


def draft(account: Account) -> list[Step]:
    return list(draft_of(account))


def form_of(client, address: str) -> dict[str, str]:
    """Return what the page of a step would post if nobody touched it."""
    page = client.get(address).content.decode()
    posted = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', page))
    posted |= re.findall(r'<textarea name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        posted[name] = (re.findall(r'value="([^"]*)" selected', options) or [""])[0]
    return posted


def texts(name: str, words: str) -> dict[str, str]:
    return {f"{name}_en": words}


# The list


def test_list_shows_steps_with_their_ways_and_faults(manager_client, account):
    write(account, step("hi", Kind.MESSAGE, "Hi <b>!", next="nowhere"), AGENT)

    page = manager_client.get(path("", account)).content.decode()

    assert "Hi &lt;b&gt;!" in page
    assert "<del>nowhere</del>" in page
    assert page.count("It goes on to “nowhere”, and there is no such step.") == 2
    assert f'href="{path("step", account, "hi")}#id_next"' in page
    assert "No step leads here." in page


def test_example_is_a_flow_without_a_fault(manager_client, account):
    manager_client.post(path("example", account))
    assert [each.name for each in draft(account)][:2] == ["topic", "question"]
    account.chat_name = account.chat_email = Account.Field.REQUIRED
    account.save()
    asks_by_bot(account)
    BotFlow.objects.update(draft=[])

    manager_client.post(path("example", account))

    assert draft(account)[0].kind == Kind.CONSENT
    manager_client.post(path("publish", account))
    assert published_version(account).number == 1


def test_example_replaces_nothing(manager_client, account):
    write(account, HI, AGENT)

    manager_client.post(path("example", account))

    assert draft(account) == [HI, AGENT]


@pytest.mark.parametrize(
    ("name", "to", "order"),
    [
        ("b", "up", "bac"),
        ("b", "down", "acb"),
        ("a", "up", "abc"),
        ("c", "down", "abc"),
        ("x", "up", "abc"),
    ],
)
def test_step_moves_in_the_list(manager_client, account, name, to, order):
    write(account, *(step(each, Kind.AGENT) for each in "abc"))

    manager_client.post(path("move", account, name), {"to": to})

    assert "".join(each.name for each in draft(account)) == order


def test_step_that_is_taken_out_leaves_a_fault_where_it_was_named(manager_client, account):
    write(account, HI, AGENT)

    manager_client.post(path("remove", account, "agent"))

    assert draft(account) == [HI]
    assert "It goes on to “agent”" in manager_client.get(path("", account)).content.decode()


# A step


@pytest.mark.parametrize(
    ("kind", "posted", "expected"),
    [
        (Kind.CONSENT, {"next": "agent", "otherwise": END}, {"next": "agent", "otherwise": END}),
        (Kind.MESSAGE, texts("words", "Hi!"), {"words": {"en": "Hi!"}}),
        (
            Kind.MESSAGE,
            texts("words", "Hi!") | {"words_fr": "Salut"},
            {"words": {"en": "Hi!", "fr": "Salut"}},
        ),
        (Kind.TEXT, texts("words", "Who?") | {"asks": "name"}, {"words": {"en": "Who?"}, "asks": "name"}),
        (Kind.DEPARTMENT, {"team": "", "next": "agent"}, {"next": "agent"}),
        (Kind.HOURS, {"next": "agent"}, {"next": "agent"}),
        (Kind.LEAVE, {}, {}),
        (
            Kind.LINK,
            texts("words", "Help") | {"url": "shop.example/help"},
            {"words": {"en": "Help"}, "url": "https://shop.example/help"},
        ),
    ],
)
def test_step_of_each_kind_is_added_with_or_without_faults(manager_client, account, kind, posted, expected):
    write(account, AGENT)

    answer = manager_client.post(f"{path('add', account)}?kind={kind}", {"name": "new"} | posted)

    assert answer.status_code == 302
    assert draft(account)[1] == Step("new", kind, **expected)


def test_buttons_are_written_in_order_and_empty_lines_left_out(manager_client, account):
    write(account, AGENT)
    posted = {"name": "new"} | texts("words", "Which?")
    posted |= texts("button_0_words", "A") | {"button_0_next": "agent"}
    posted |= texts("button_3_words", "B") | {"button_3_next": END, "button_3_words_de": "Be"}

    manager_client.post(f"{path('add', account)}?kind=buttons", posted)

    assert [(dict(each.words), each.next) for each in draft(account)[1].buttons] == [
        ({"en": "A"}, "agent"),
        ({"en": "B", "de": "Be"}, END),
    ]


def test_saving_an_untouched_step_changes_nothing(manager_client, account):
    team = Team.objects.create(account=account, name="Orders")
    write(account, *STEPS, step("to", Kind.DEPARTMENT, team=team.pk, next="gone"))
    before = draft(account)

    for each in before:
        address = path("step", account, each.name)
        assert manager_client.post(address, form_of(manager_client, address)).status_code == 302, each.name

    assert draft(account) == before


def test_renamed_step_is_still_led_to(manager_client, account):
    write(account, *STEPS)
    address = path("step", account, "name")

    manager_client.post(address, form_of(manager_client, address) | {"name": "who"})

    assert draft_of(account).get("topic").buttons[0].next == "who"
    assert draft_of(account).get("name") is None


@pytest.mark.parametrize(
    ("kind", "posted", "field", "says"),
    [
        (Kind.MESSAGE, {"name": ""}, "name", "This field is required."),
        (Kind.MESSAGE, {"name": "two words"}, "name", "valid “slug”"),
        (Kind.MESSAGE, {"name": END}, "name", "valid “slug”"),
        (Kind.MESSAGE, {"name": "n" * 31}, "name", "At most 30 characters"),
        (Kind.MESSAGE, {"name": "agent"}, "name", "Another step has this name."),
        (Kind.MESSAGE, texts("words", ""), "words", "Write it in one language at least."),
        (Kind.MESSAGE, texts("words", "a\x00b"), "words", "characters that can't be shown"),
        (Kind.MESSAGE, texts("words", "w" * 2001), "words", "At most 2000 characters"),
        (Kind.MESSAGE, {"next": "nowhere"}, "next", "Select a valid choice."),
        (Kind.TEXT, {"asks": "password"}, "asks", "Select a valid choice."),
        (Kind.DEPARTMENT, {"team": "999"}, "team", "Select a valid choice."),
        (Kind.LINK, {"url": "javascript:alert(1)"}, "url", "Enter a valid URL."),
        (Kind.LINK, {"url": "ftp://shop.example/"}, "url", "begins with https://"),
        (Kind.LINK, {"url": ""}, "url", "This field is required."),
        (Kind.BUTTONS, {"button_1_next": "agent"}, "button_1_words", "Write what stands on the button."),
    ],
)
def test_bad_step_is_refused_beside_its_field_and_saved_nowhere(
    manager_client, account, kind, posted, field, says
):
    write(account, AGENT)
    whole = {"name": "new", "asks": "name", "url": "https://shop.example/"} | texts("words", "Hi!") | posted

    answer = manager_client.post(f"{path('add', account)}?kind={kind}", whole)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert says in " ".join(answer.context["form"].errors[field])
    assert draft(account) == [AGENT]


@pytest.mark.parametrize("kind", ["", "telepathy"])
def test_kind_that_is_none_has_no_page(manager_client, account, kind):
    assert manager_client.get(f"{path('add', account)}?kind={kind}").status_code == 404


def test_every_control_of_a_step_says_what_it_does_and_which_article_it_serves(manager_client, account):
    for kind in Kind:
        form = manager_client.get(f"{path('add', account)}?kind={kind}").context["form"]
        for field in form.visible_fields():
            if not field.name.startswith("button_"):
                assert re.search(r"Articles? \d", str(field.help_text)), (kind, field.name)


def test_faults_of_a_step_stand_beside_its_controls(manager_client, account):
    write(account, step("fork", Kind.HOURS, next="", otherwise="nowhere"))

    page = manager_client.get(path("step", account, "fork")).content.decode()

    assert page.index("A dead end") > page.index('id="id_next"')
    assert page.index("It goes on to “nowhere”") > page.index('id="id_otherwise"')
    assert '<option value="nowhere" selected>nowhere (there is no such step)</option>' in page


def test_second_to_save_is_told_and_saves_by_a_second_press(manager_client, account):
    write(account, HI, AGENT)
    address = path("step", account, "hi")
    mine = form_of(manager_client, address) | texts("words", "Mine")
    manager_client.post(address, form_of(manager_client, address) | texts("words", "Theirs"))

    answer = manager_client.post(address, mine)

    assert answer.status_code == 422
    assert "Somebody else changed this step" in answer.content.decode()
    assert draft(account)[0].words == {"en": "Theirs"}
    again = mine | {"seen": answer.context["form"]["seen"].value()}
    assert manager_client.post(address, again).status_code == 302
    assert draft(account)[0].words == {"en": "Mine"}


def test_two_who_save_at_once_overwrite_nothing(account):
    write(account, HI, AGENT)
    save_step(account=account, step=step("hi", Kind.MESSAGE, "Theirs", next="agent"), opened=HI)

    with pytest.raises(ChangedMeanwhile):
        save_step(account=account, step=step("hi", Kind.MESSAGE, "Mine", next="agent"), opened=HI)

    assert draft(account)[0].words == {"en": "Theirs"}


def test_flow_has_an_end(manager_client, account):
    write(account, *(step(f"s{number}", Kind.AGENT) for number in range(60)))

    answer = manager_client.post(f"{path('add', account)}?kind=agent", {"name": "one-more"})

    assert "A flow has at most 60 steps." in answer.content.decode()
    assert len(draft(account)) == 60


# Publishing


def test_faulty_draft_is_kept_and_nothing_of_it_published(manager_client, account):
    publish(account, HI, AGENT)
    address = path("step", account, "hi")
    manager_client.post(address, form_of(manager_client, address) | {"next": ""})

    answer = manager_client.post(path("publish", account), follow=True)

    assert "Nothing was published" in answer.content.decode()
    assert draft(account)[0].next == ""
    assert published_version(account).flow == Flow((HI, AGENT))
    assert BotVersion.objects.count() == 1


def test_publishing_leaves_evidence_once(manager_client, account):
    write(account, HI, AGENT)

    manager_client.post(path("publish", account))
    manager_client.post(path("publish", account))

    entries = LedgerEntry.objects.filter(account_id=account.pk, action="bot.published")
    assert [entry.params["version"] for entry in entries] == [1]
    assert "Version 1 talks to visitors" in manager_client.get(path("", account)).content.decode()


def test_bot_that_is_switched_off_talks_to_nobody_new(manager_client, account):
    publish(account, HI, AGENT)

    manager_client.post(path("off", account))

    assert published_version(account) is None
    assert draft(account) == [HI, AGENT]
    assert LedgerEntry.objects.filter(account_id=account.pk, action="bot.switched_off").count() == 1
    manager_client.post(path("publish", account))
    assert published_version(account).number == 1  # the same words are the same version


# The preview


def try_it(client, account, page: str, **given: str):
    posted = dict(re.findall(r'<input type="hidden" name="(path|hours|language)" value="([^"]*)"', page))
    posted = {name: value.replace("&quot;", '"') for name, value in posted.items()}
    return client.post(path("try", account), posted | given).content.decode()


@pytest.fixture
def tried(account):
    """An account with a draft; nothing may be stored by trying it."""
    asks_by_bot(account)
    write(account, *STEPS)
    before = rows()
    yield account
    assert rows() == before
    assert not Conversation.objects.exists()


def test_preview_talks_as_the_chat_does_and_stores_nothing(manager_client, tried):
    before = rows()
    page = manager_client.get(path("", tried)).content.decode()
    assert factories.AGREE in page

    for given in (
        {"choice": "yes"},
        {"choice": "0"},
        {"choice": "said", "answer": "Vera"},
        {"choice": "skipped"},
    ):
        page = try_it(manager_client, tried, page, **given)

    said = re.findall(r'class="message__body" dir="auto">(.*?)</div>', page)
    assert said == [
        "Hello!",
        factories.AGREE,
        "Yes, I agree",
        "What is it about?",
        "Tea",
        "Who are you?",
        "Vera",
        "What may we do?",
        "Skip",
        "Somebody comes now.",
    ]
    assert "Here it waits for an agent." in page
    assert rows() == before


def test_preview_goes_the_way_of_no(manager_client, tried):
    page = manager_client.get(path("", tried)).content.decode()

    page = try_it(manager_client, tried, page, choice="no")

    assert "Then nothing of this is stored." in page
    assert "A pity." in page


def test_preview_refuses_what_the_chat_refuses(manager_client, tried):
    page = manager_client.get(path("", tried)).content.decode()
    for given in ({"choice": "yes"}, {"choice": "0"}):
        page = try_it(manager_client, tried, page, **given)

    page = try_it(manager_client, tried, page, choice="said", answer="n" * 101)

    assert "At most 100 characters fit here" in page
    assert "What may we do?" not in page.partition('id="bot-try"')[2].partition('name="path"')[0]


def test_preview_answers_a_script_with_the_preview_alone(manager_client, tried):
    answer = manager_client.post(path("try", tried), {"choice": "yes"}, headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert "<html" not in page
    assert "What is it about?" in page


def test_preview_tries_hours_and_languages(manager_client, account):
    hours = step("hours", Kind.HOURS, next="open", otherwise="closed")
    open_ = Step("open", Kind.MESSAGE, {"en": "Come in!", "de": "Herein!"}, next=END)
    write(account, hours, open_, step("closed", Kind.MESSAGE, "Closed.", next=END))

    as_open = {"hours": "open", "language": "de", "choice": "again"}
    said = [
        manager_client.post(
            path("try", account), as_open | more, headers={"HX-Request": "true"}
        ).content.decode()
        for more in ({}, {"language": "en"}, {"hours": "closed"})
    ]

    assert ["Herein!" in said[0], "Come in!" in said[1], "Closed." in said[2]] == [True, True, True]


@pytest.mark.parametrize(
    "odd",
    [
        "x",
        "[",
        "null",
        "5",
        "{}",
        "[1]",
        "[[]]",
        '[["yes"]]',
        '[["yes", 5]]',
        '[["yes", "", ""]]',
        '[["no-such-choice", ""]]',
        '[["\\ud800", ""]]',
        "[" * 100_000,
        json.dumps([["yes", ""]] * 5000),
    ],
)
def test_odd_answers_begin_the_preview_again(manager_client, tried, odd):
    for choice in ("", "yes"):
        answer = manager_client.post(path("try", tried), {"path": odd, "choice": choice, "hours": "?"})

        assert answer.status_code == 200
        assert factories.AGREE in answer.content.decode()


# Whose it is


@pytest.mark.parametrize(
    "name", ["", "try", "example", "publish", "off", "add", "step/agent", "move/agent", "remove/agent"]
)
def test_bot_of_a_foreign_account_is_not_there(manager_client, other_account, name):
    write(other_account, AGENT)
    name, _slash, more = name.partition("/")
    address = path(name, other_account, *filter(None, [more])) + ("?kind=agent" if name == "add" else "")

    statuses = {
        manager_client.get(address).status_code,
        manager_client.post(address, {"name": "n"}).status_code,
    }

    assert statuses in ({404}, {404, 405})
    assert draft(other_account) == [AGENT]
    assert published_version(other_account) is None


def test_bot_says_nothing_of_a_visitor(manager_client, account):
    publish(account, step("q", Kind.TEXT, "Who?", asks="name", next=END))
    factories.chat(account, says=("MARKERWORDS",))

    page = manager_client.get(path("", account)).content.decode()

    assert "MARKERWORDS" not in page


def test_list_costs_the_same_with_few_and_many_steps(manager_client, account, django_assert_num_queries):
    def queries() -> int:
        with django_assert_num_queries(100, exact=False) as asked:
            manager_client.get(path("", account))
        return len(asked)

    write(account, AGENT)
    one = queries()
    write(account, *(step(f"s{number}", Kind.AGENT) for number in range(20)))

    assert queries() == one
    assert connections["default"].queries is not None
