"""A stream opens for whom a page opens, whatever other programs left in the browser."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

BESIDE = ['a={"x":1}; ', "foo=bar baz; ", 'x="unclosed; ', "=; ", "a=b,c; ", "é=1; ", "lethe; ", ";;; "]


@pytest.mark.parametrize("beside", BESIDE)
def test_odd_cookie_beside_the_session_keeps_nobody_out(web, cookie_of, agent, beside):
    cookie = (beside + cookie_of(agent)).encode().decode("latin-1")

    assert web.request("GET", "/stream/agent/", Cookie=cookie) == 200


@pytest.mark.parametrize("cookie", ["", "{0}", "x{0}", '{0}"', "{0}, {0}", "{0}{1}"])
def test_cookie_that_is_not_quite_the_session_opens_nothing(web, cookie_of, agent, cookie):
    name, _, key = cookie_of(agent).partition("=")
    another = "y" if key.endswith("x") else "x"  # than the last character, which is cut off
    odd = f"{name}={cookie.format(key[:-1], another)}"

    assert web.request("GET", "/stream/agent/", Cookie=odd) == 404
