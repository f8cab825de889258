"""What the page around the chat says of itself in a real browser: its address, and nothing behind it."""

import pytest

from chat.models import TechnicalData
from tests.browser.shop import begin, launcher

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def forms(shop):
    """Return the list of what the chat's forms send."""
    sent = []
    shop.context.on(
        "request", lambda request: request.method == "POST" and sent.append(request.post_data or "")
    )
    return sent


def visit(shop, address: str):
    page = shop.context.new_page()
    page.goto(shop.origin + address)
    launcher(page).wait_for()
    return page


def test_page_of_the_chat_is_kept_without_its_query(shop, forms):
    shop.account.keep_page = shop.account.keep_browser = True
    shop.account.save()

    begin(visit(shop, "/shop/tea/?email=vera@mail.example#secret"))

    row = TechnicalData.objects.get()
    assert row.page == f"{shop.origin}/shop/tea/"
    assert row.browser.startswith("Chrome ")
    assert row.network == ""
    assert "vera" not in "".join(forms + shop.requests[1:])
    assert "secret" not in "".join(forms)


def test_page_is_the_one_on_which_the_visitor_opened_the_chat(shop):
    shop.account.keep_page = True
    shop.account.save()
    page = visit(shop, "/shop/one/")
    launcher(page).click()
    page.get_by_role("button", name="Hide the chat").click()

    page.evaluate("() => history.pushState({}, '', '/shop/two/?step=2')")
    begin(page)

    assert TechnicalData.objects.get().page == f"{shop.origin}/shop/two/"


def test_nothing_is_kept_where_the_account_keeps_nothing(shop):
    begin(visit(shop, "/shop/tea/?email=vera@mail.example"))

    assert not TechnicalData.objects.exists()
