"""Guessing a password from many addresses that are one place."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(account):
    return factories.user(account=account, email="ada@staff.example")


def attempt(address: str, password: str = "another-river-of-tests") -> int:
    form = {"username": "ada@staff.example", "password": password}
    return Client().post("/sign-in/", form, REMOTE_ADDR=address).status_code


def test_addresses_of_one_ipv6_network_share_a_counter(ada):
    statuses = [attempt(f"2001:db8:7:1::{host:x}") for host in range(5)]

    assert statuses == [200, 200, 200, 200, 429]
    assert attempt("2001:db8:7:1:ffff:ffff:ffff:ffff", factories.PASSWORD) == 429
    assert attempt("2001:db8:7:2::1", factories.PASSWORD) == 302


def test_ipv4_address_mapped_into_ipv6_is_one_address(ada):
    statuses = [attempt(address) for address in ["203.0.113.7", "::ffff:203.0.113.7"] * 2]

    assert statuses == [200, 200, 200, 200]
    assert attempt("203.0.113.7") == 429
    assert attempt("::ffff:203.0.113.8", factories.PASSWORD) == 302
