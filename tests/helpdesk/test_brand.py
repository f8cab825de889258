"""An account's colour and logo on its visitors' pages, and the files that they come in."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from helpdesk.brand import sheet_of
from helpdesk.client_ip import NOWHERE
from helpdesk.logos import NO_LOGO, logo_from
from helpdesk.models import AccountLogo
from helpdesk.services.account_settings import ChangedMeanwhile, change_account, revision_of
from privacy.models import LedgerEntry
from tests.helpdesk.test_logos import file_of, picture
from tests.helpdesk.tickets import opened, thread_of, visitor_with_link

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

RED = "#b3122b"
LOGO = logo_from(file_of(picture(), "PNG"))


def change(account, by, **changes):
    return change_account(account=account, by=by, address=NOWHERE, values={}, **changes)


def pages_of(account) -> dict[str, str]:
    names = ["chat_page", "ticket_new", "ticket_sent", "privacy_notice"]
    return {name: Client().get(reverse(name, args=[account.public_id])).text for name in names}


def sheet_in(page: str) -> list[str]:
    return re.findall(r'href="(/brand/[^"]+\.css)"', page)


def logo_in(page: str) -> list[str]:
    return re.findall(r'src="(/brand/[^"]+/)"', page)


@pytest.fixture
def branded(account, manager):
    account.brand_colour = RED
    account.save()
    return change(account, manager, logo=LOGO)


def test_account_without_colour_and_logo_has_our_pages(account):
    for page in pages_of(account).values():
        assert sheet_in(page) == logo_in(page) == []
    assert Client().get(reverse("brand_sheet", args=[account.public_id, "0" * 16])).status_code == 404
    assert Client().get(reverse("brand_logo", args=[account.public_id, "0" * 16])).status_code == 404


def test_every_page_of_the_account_wears_its_colour_and_logo(branded, other_account):
    for page in pages_of(branded).values():
        [sheet], [logo] = sheet_in(page), logo_in(page)

        assert Client().get(sheet).text == sheet_of(RED)
        assert Client().get(logo).content == LOGO.content
    for page in pages_of(other_account).values():
        assert sheet_in(page) == logo_in(page) == []


def test_thread_and_away_page_wear_them_too(branded):
    ticket = opened(branded)
    thread = visitor_with_link(ticket).get(thread_of(ticket)).text
    branded.is_active = False
    branded.save()
    away = Client().get(reverse("chat_page", args=[branded.public_id])).text

    for page in (thread, away):
        assert len(sheet_in(page)) == len(logo_in(page)) == 1


def test_files_are_kept_by_browsers_and_can_do_nothing(branded):
    page = pages_of(branded)["ticket_new"]

    for [address], kind in ((sheet_in(page), "text/css; charset=utf-8"), (logo_in(page), "image/png")):
        answer = Client().get(address)

        assert answer["Content-Type"] == kind
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer.cookies == {}


def test_address_of_yesterday_shows_what_is_there_today_and_is_not_kept(branded, manager):
    page = pages_of(branded)["ticket_new"]
    branded.brand_colour = "#0000ff"
    branded.save()
    change(branded, manager, logo=logo_from(file_of(picture(colour="blue"), "PNG")))
    now = pages_of(branded)["ticket_new"]

    assert sheet_in(now) != sheet_in(page)
    assert logo_in(now) != logo_in(page)
    for old, new in zip(sheet_in(page) + logo_in(page), sheet_in(now) + logo_in(now), strict=True):
        answer = Client().get(old)
        assert answer["Cache-Control"] == "no-store"
        assert answer.content == Client().get(new).content


def test_logo_is_replaced_and_taken_away_and_each_leaves_an_entry(account, manager):
    account = change(account, manager, logo=LOGO)
    account = change(account, manager, logo=logo_from(file_of(picture(), "JPEG")))
    assert AccountLogo.objects.get().content_type == "image/jpeg"
    account = change(account, manager)
    assert account.logo_mark

    account = change(account, manager, logo=NO_LOGO)

    assert (account.logo_mark, AccountLogo.objects.count()) == ("", 0)
    entries = LedgerEntry.objects.filter(account_id=account.pk, action="account.changed")
    assert [entry.params["fields"] for entry in entries] == [["logo_mark"]] * 3


def test_logo_of_somebody_quicker_is_not_overwritten_unseen(account, manager):
    revision = revision_of(account)
    change(account, manager, logo=LOGO)

    with pytest.raises(ChangedMeanwhile):
        change(account, manager, revision=revision, logo=NO_LOGO)

    assert AccountLogo.objects.count() == 1
