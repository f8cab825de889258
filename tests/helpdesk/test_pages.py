"""The page that a chat began on: only of the account's own sites, and nothing in it that names a visitor."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.models import Account
from helpdesk.pages import LONGEST, NO_PAGE, clean_page

SHOP = "https://shop.example"
BRAMBLE = Account(allowed_origins=f"{SHOP}\nhttp://localhost:8100")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (SHOP, "/"),
        (f"{SHOP}/tea/green/", "/tea/green/"),
        (f"{SHOP}/tea/?email=vera@mail.example", "/tea/"),
        (f"{SHOP}/tea/#order-7", "/tea/"),
        (f"{SHOP}/how-to-brew-tea-in-2024/", "/how-to-brew-tea-in-2024/"),
        (f"{SHOP}/caf%C3%A9/", "/caf%C3%A9/"),
        (f"{SHOP}/of/vera@mail.example/orders", "/of/…/orders"),
        (f"{SHOP}/of/vera%40mail.example/", "/of/…/"),
        (f"{SHOP}/of/vera%2540mail.example/", "/of/…/"),
        (f"{SHOP}/next/%2Fa%3Ftoken%3D1/", "/next/…/"),
        (f"{SHOP}/cart;jsessionid=0A1B2C/pay", "/cart/pay"),
        (f"{SHOP}/cart%3Bjsessionid=0A1B2C/pay", "/…/pay"),
        (f"{SHOP}/reset/123e4567-e89b-12d3-a456-426614174000", "/reset/…"),
        (f"{SHOP}/verify/eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJ1aWQiOjF9.x9", "/verify/…"),
        (f"{SHOP}/{'a' * 41}/b", "/…/b"),
    ],
)
def test_page_is_kept_without_what_names_somebody(sent, kept):
    assert clean_page(sent, BRAMBLE) == (SHOP, kept)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "null/tea/",
        "https://evil.example/tea/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://shop.example:444/",
        "http://shop.example/",
        "https://shop.example\\@evil.example/",
        "javascript:alert(1)//https://shop.example/",
        f"{SHOP}/a b/",
        f"{SHOP}/a\n",
        f"{SHOP}/a\x00",
        f"{SHOP}/\u202etea/",
    ],
)
def test_page_that_no_browser_of_an_allowed_site_says_is_no_page(sent):
    assert clean_page(sent, BRAMBLE) == NO_PAGE


def test_site_that_allows_no_other_site_has_no_page():
    assert clean_page(f"{SHOP}/tea/", Account()) == NO_PAGE


def test_origin_is_compared_without_its_case_and_the_path_with_it():
    assert clean_page("https://Shop.example/Tea/", BRAMBLE) == (SHOP, "/Tea/")


def test_long_path_is_cut():
    origin, path = clean_page(f"{SHOP}/{'tea/' * 500}", BRAMBLE)

    assert (origin, len(path), path[-1]) == (SHOP, LONGEST, "…")


SEGMENT = st.text(st.characters(codec="ascii", exclude_characters="?#"), max_size=60)


@given(path=st.lists(SEGMENT, max_size=30).map("/".join), query=st.text(max_size=40), times=st.integers(0, 3))
def test_no_page_holds_a_query_or_an_address(path, query, times):
    for _ in range(times):
        path = quote(path)

    kept = clean_page(f"{SHOP}/{path}?{query}#{query}", BRAMBLE)

    assert kept == NO_PAGE or kept.origin == SHOP
    assert len(kept.path) <= LONGEST
    said = unquote(unquote(unquote(kept.path)))
    assert not set("@?#;") & set(said)
