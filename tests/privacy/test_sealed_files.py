"""A sealed file opens whole, in its place, or not at all."""

import struct

import pytest

from privacy.encryption.errors import Tampered
from privacy.encryption.files import (
    CHUNK,
    delete_file,
    read_file,
    sealed_storage,
    store_file,
    stored_files,
)
from privacy.encryption.sealing import new_data_key

HEADER = 4 + 8  # magic and the nonce's prefix


@pytest.fixture
def key() -> bytes:
    return new_data_key()


def content(name: str) -> bytes:
    with sealed_storage().open(name) as file:
        return file.read()


def rewrite(name: str, body: bytes) -> None:
    path = sealed_storage().path(name)
    with open(path, "wb") as file:
        file.write(body)


def pieces(body: bytes) -> list[bytes]:
    """Return the chunks of a sealed file, each with its header."""
    found, at = [], HEADER
    while at < len(body):
        size = struct.unpack(">I", body[at : at + 4])[0] + 5
        found.append(body[at : at + size])
        at += size
    return found


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_file_comes_back_as_it_was(key, size):
    original = bytes(n % 251 for n in range(size))

    name = store_file(key, [original[:10], b"", original[10:]])

    assert b"".join(read_file(key, name)) == original
    assert original[:64] not in content(name) or size < 2


def test_name_says_nothing_and_is_listed(key):
    name = store_file(key, [b"invoice of Vera"])

    assert list(stored_files()) == [name]
    assert "vera" not in name.lower()
    assert len(name) == 2 + 1 + 32


def test_file_of_another_key_does_not_open(key):
    name = store_file(key, [b"secret"])

    with pytest.raises(Tampered):
        list(read_file(new_data_key(), name))


def test_file_moved_to_another_name_does_not_open(key):
    one, other = store_file(key, [b"one"]), store_file(key, [b"other"])

    rewrite(one, content(other))

    with pytest.raises(Tampered):
        list(read_file(key, one))


def test_swapped_chunks_do_not_open(key):
    name = store_file(key, [b"a" * CHUNK, b"b" * CHUNK, b"c"])
    body = content(name)
    first, second, last = pieces(body)

    rewrite(name, body[:HEADER] + second + first + last)

    with pytest.raises(Tampered):
        list(read_file(key, name))


def test_chunk_left_out_does_not_open(key):
    name = store_file(key, [b"a" * CHUNK, b"b" * CHUNK, b"c"])
    body = content(name)
    first, _second, last = pieces(body)

    rewrite(name, body[:HEADER] + first + last)

    with pytest.raises(Tampered):
        list(read_file(key, name))


@pytest.mark.parametrize("left", [0, 3, HEADER, HEADER + 2, HEADER + 5 + CHUNK + 16, -1])
def test_truncated_file_does_not_open(key, left):
    name = store_file(key, [b"a" * CHUNK, b"b"])

    rewrite(name, content(name)[:left])

    with pytest.raises(Tampered):
        list(read_file(key, name))


def test_end_declared_early_does_not_open(key):
    name = store_file(key, [b"a" * CHUNK, b"b"])
    body = content(name)
    first = bytearray(pieces(body)[0])
    first[4] = 1  # says: this is the last one

    rewrite(name, body[:HEADER] + bytes(first))

    with pytest.raises(Tampered):
        list(read_file(key, name))


def test_lengthened_file_does_not_open(key):
    name = store_file(key, [b"a"])

    rewrite(name, content(name) + b"more")

    with pytest.raises(Tampered):
        list(read_file(key, name))


def test_plain_file_in_the_place_of_a_sealed_one_does_not_open(key):
    name = store_file(key, [b"a"])

    rewrite(name, b"planted")

    with pytest.raises(Tampered, match="not sealed"):
        list(read_file(key, name))


def test_deleting_twice_is_fine(key):
    name = store_file(key, [b"a"])

    delete_file(name)
    delete_file(name)

    assert list(stored_files()) == []
