"""The tab of the account's page: colour and logo, with a preview and the contrast that was reached."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from helpdesk.models import Account, AccountLogo
from tests import factories
from tests.helpdesk.test_admin_pages import as_shown, errors_of, path_of
from tests.helpdesk.test_logos import SVG, file_of, picture

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


def save(client, account, **changes):
    return client.post(path_of(account), as_shown(client, account) | changes)


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def preview(client, account, colour: str):
    path = reverse("admin:helpdesk_account_preview", args=[account.pk, "page"])
    return client.post(path, {"brand_colour": colour})


def test_manager_chooses_a_colour_and_a_logo_and_takes_the_logo_away(manager_client, account):
    answer = save(manager_client, account, brand_colour="#ffcc00", logo=upload(file_of(picture(), "WEBP")))
    assert answer.status_code == 302
    account.refresh_from_db()
    assert account.brand_colour == "#ffcc00"
    assert AccountLogo.objects.get(account=account).content_type == "image/png"
    page = manager_client.get(path_of(account)).text
    assert reverse("brand_logo", args=[account.public_id, account.logo_mark]) in page
    assert "Take the logo away" in page

    save(manager_client, account)
    assert AccountLogo.objects.count() == 1
    save(manager_client, account, remove_logo="on")

    assert AccountLogo.objects.count() == 0
    assert "Take the logo away" not in manager_client.get(path_of(account)).text
    assert Account.objects.get(pk=account.pk).brand_colour == "#ffcc00"


def test_what_is_no_picture_is_refused_beside_its_field_and_nothing_is_saved(manager_client, account):
    answer = save(manager_client, account, brand_colour="#ffcc00", logo=upload(SVG))

    assert answer.status_code == 200
    assert errors_of(answer) == {
        "logo": ["This can't be read as a picture. Choose a PNG, JPEG, WebP or GIF."]
    }
    assert Account.objects.get(pk=account.pk).brand_colour == ""
    assert AccountLogo.objects.count() == 0


@pytest.mark.parametrize("colour", ["red", "#fff", "#ffcc001", "#ffcc00;}", "url(//evil)", "#ggcc00"])
def test_what_is_no_colour_is_refused(manager_client, account, colour):
    answer = save(manager_client, account, brand_colour=colour)

    assert list(errors_of(answer)) == ["brand_colour"]
    assert Account.objects.get(pk=account.pk).brand_colour == ""


def test_preview_tells_how_well_the_colour_is_read(manager_client, account):
    told = preview(manager_client, account, "#ffcc00").text

    assert "black, 13.9 to 1" in " ".join(told.split())
    assert "<code>#806600</code>, 4.8 to 1" in told
    assert "<code>#a38300</code>, 3.1 to 1" in told
    assert told.count('fill="#ffcc00"') == 7
    assert " style=" not in told


def test_preview_without_a_colour_shows_ours_and_of_a_wrong_one_says_so(manager_client, account):
    assert 'fill="#0b5f69"' in preview(manager_client, account, "").text
    refused = preview(manager_client, account, '"><script>').text
    assert "Write a colour as # and six digits" in refused
    assert "<script" not in refused
    assert Account.objects.get(pk=account.pk).brand_colour == ""


def test_logo_and_preview_are_closed_to_managers_of_others(signed_in, account, other_account):
    client = signed_in(factories.manager(other_account))

    assert preview(client, account, "#ffcc00").status_code in {302, 404}
    assert client.post(path_of(account), {"logo": upload(file_of(picture(), "PNG"))}).status_code in {
        302,
        404,
    }
    assert AccountLogo.objects.count() == 0
