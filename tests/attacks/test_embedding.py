"""What a manager writes about their own sites goes into a header of every visitor."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from helpdesk.origins import LONGEST, clean_origins

HOSTILE = [
    "https://a.example; script-src *",
    "https://a.example\r\nX-Odd: 1",
    "https://a.example,https://b.example",
    "https://*.example",
    "*",
    "null",
    "data:",
    "javascript://a.example",
    "https://user@a.example",
    "https://a.example/path",
    "https://a.example#x",
    "https://a.example:0",
    "https://a.example:99999",
    "https://[::1]",
    "https://\uff0ea.example",
    "https://a.example\u2028https://b.example",
    "'self'",
    "https://" + "a" * LONGEST,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ValidationError):
        clean_origins(f"https://shop.example\n{text}")


@pytest.mark.django_db
def test_header_of_the_longest_list_stays_small(account):
    hosts = [f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.example" for number in range(50)]
    account.allowed_origins = "\n".join(hosts)
    account.full_clean()
    account.save()

    policy = Client().get(f"/chat/{account.public_id}/")["Content-Security-Policy"]

    assert len(policy) < 16_000


@pytest.mark.django_db
def test_sites_of_one_account_embed_no_other(account, other_account):
    account.allowed_origins = "https://shop.example"
    account.save()

    policy = Client().get(f"/chat/{other_account.public_id}/")["Content-Security-Policy"]

    assert "frame-ancestors 'none'" in policy
    assert "shop.example" not in policy


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1@evil.example", "localhost.", "[::1"])
def test_loader_is_the_same_by_whatever_host_it_is_asked(account, host):
    address = f"/embed/{account.public_id}.js"

    odd = Client(headers={"Host": host, "X-Forwarded-Host": host, "Origin": f"https://{host}"}).get(address)

    assert b"evil" not in odd.content
    assert odd.status_code == 400 or odd.content == Client().get(address).content
