"""The loader: small, the same for everybody, and of one account only."""

import json
import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from chat.views import embed
from helpdesk.colours import contrast


def load(account, **headers):
    return Client(headers=headers).get(reverse("loader", args=[account.public_id]))


def configuration(response) -> dict[str, str]:
    return json.loads(re.search(r"^\}\)\((\{.*\})\);$", response.content.decode(), re.MULTILINE).group(1))


def test_loader_is_a_small_script_that_any_site_may_load(account):
    response = load(account)

    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert response.cookies == {}


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("name", ["Bramble Books", "\N{OPEN BOOK}" * 100], ids=["plain", "longest"])
def test_loader_is_under_10_kb_as_it_is_sent(account, language, name):
    account.language, account.name, account.brand_colour = language, name, "#ffcc00"
    account.save()

    response = load(account)

    assert len(response.content) < 10_000
    assert "Content-Encoding" not in response


def test_loader_wears_the_colour_of_its_account(account):
    account.brand_colour = "#ffcc00"
    account.save()

    known = configuration(load(account))

    assert (known["fill"], known["ink"]) == ("#ffcc00", "#000000")
    assert contrast(known["ink"], known["hover"]) >= 4.5
    assert contrast(known["edge"], "#ffffff") >= 3


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he", "rtl")])
def test_loader_is_read_in_the_direction_of_its_language(account, language, direction):
    account.language = language
    account.save()

    known = configuration(load(account))

    assert (known["lang"], known["dir"]) == (language, direction)


def test_comments_and_spaces_before_lines_are_not_sent(account):
    sent = load(account).content.decode().splitlines()

    assert [line for line in sent if line.startswith((" ", "//"))] == []
    assert [line for line in embed.LOADER.read_text().splitlines() if line.strip().startswith("//")] != []


def test_loader_knows_its_account_and_the_configured_host(account, settings):
    settings.LETHE_EMBED_URL = "https://chat.example"

    known = configuration(load(account))

    assert known["id"] == account.public_id
    assert known["origin"] + known["page"] == f"https://chat.example/chat/{account.public_id}/"
    assert known["open"] == "Chat with us"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Accept-Language": "fr"},
        {"Host": "localhost"},
        {"Cookie": "a=b"},
    ],
)
def test_loader_is_the_same_whoever_asks_and_by_whatever_name(account, headers):
    assert load(account, **headers).content == load(account).content


def test_loader_of_one_account_tells_nothing_of_another(account, other_account):
    ours, theirs = load(account), load(other_account)

    assert ours["ETag"] != theirs["ETag"]
    assert other_account.public_id not in ours.content.decode()


def test_name_of_an_account_cannot_end_the_script(account):
    account.name = '</script>\u2028");alert(1)//'
    account.save()

    response = load(account)

    assert configuration(response)["title"] == f"Chat with {account.name}"
    assert "\u2028" not in response.content.decode()


def test_loader_is_kept_for_minutes_and_asked_for_again_by_its_mark(account):
    response = load(account)

    assert "max-age=300" in response["Cache-Control"]
    assert load(account, **{"If-None-Match": response["ETag"]}).status_code == 304
    account.name = "Renamed"
    account.save()
    assert load(account, **{"If-None-Match": response["ETag"]}).status_code == 200


def test_loader_uses_no_code_that_a_strict_policy_refuses():
    program = embed.LOADER.read_text()

    for refused in (
        "innerHTML",
        "document.write",
        "eval(",
        "new Function",
        "cookie",
        "localStorage",
        'setAttribute("style',
    ):
        assert refused not in program
    assert '"*"' not in program
