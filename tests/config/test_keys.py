import base64
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from config.keys import checked_ring, kept_once, kept_ring, new_ring, parse_ring
from tests.config.deployment import KEY, OTHER_KEY


def test_two_starts_at_once_agree_on_one_secret(tmp_path):
    path = tmp_path / "keys" / "ring"
    both_are_making = Barrier(8)

    def make():
        both_are_making.wait(timeout=5)
        return new_ring()

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: kept_once(path, make), range(8)))

    assert secrets == {path.read_text().strip()}
    assert [file.name for file in path.parent.iterdir()] == ["ring"]


def test_ring_is_made_for_a_new_vault_only(tmp_path):
    vault = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "vault.sqlite3")}
    ring = kept_ring(tmp_path / "ring", vault=vault)
    (tmp_path / "vault.sqlite3").touch()

    assert kept_ring(tmp_path / "ring", vault=vault) == ring
    (tmp_path / "ring").unlink()
    with pytest.raises(ValueError, match="put the ring back"):
        kept_ring(tmp_path / "ring", vault=vault)


def test_failed_making_leaves_nothing_behind(tmp_path):
    path = tmp_path / "ring"

    with pytest.raises(ZeroDivisionError):
        kept_once(path, lambda: str(1 // 0))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [f"{KEY},{OTHER_KEY}", f" {KEY} ,\n{OTHER_KEY}\n", f"{KEY}\n\n{OTHER_KEY}"])
def test_ring_is_read_from_lines_or_commas(text):
    assert parse_ring(text) == [KEY, OTHER_KEY]


def test_unsplit_ring_is_refused():
    # The package would take the text, use the first key, and lose the second without a word.
    with pytest.raises(TypeError, match="a list of keys"):
        checked_ring(f"{KEY},{OTHER_KEY}")
    with pytest.raises(ValueError, match="key 1"):
        checked_ring([f"{KEY},{OTHER_KEY}"])


@pytest.mark.parametrize(
    "key",
    [
        "",
        KEY[:-1],
        KEY[:-2] + "==",
        KEY.replace(KEY[5], "+"),
        KEY.replace(KEY[5], "\u00e9"),
        base64.urlsafe_b64encode(b"x" * 31).decode(),
        base64.urlsafe_b64encode(b"x" * 33).decode(),
    ],
)
def test_key_of_another_form_is_refused_and_not_repeated(key):
    with pytest.raises(ValueError, match="key 2 isn't 32 bytes") as caught:
        checked_ring([OTHER_KEY, key])

    assert not key or key not in str(caught.value)


def test_empty_ring_is_refused():
    with pytest.raises(ValueError, match="holds no key"):
        parse_ring(" \n,")
