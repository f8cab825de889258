"""Seal text under a data key with AES-256-GCM, bound to the place where it is stored."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.encryption.errors import Tampered

VERSION = "s1"
NONCE_BYTES = 12
TAG_BYTES = 16
SHORTEST = len(VERSION) + 1 + 4 * (-(-(NONCE_BYTES + TAG_BYTES) // 3))  # of an empty text


class Token(str):
    """Ciphertext made by :func:`seal`; the only kind of text that a sealed column takes."""

    __slots__ = ()

    @property
    def has_shape(self) -> bool:
        """Whether it may be ciphertext; whether it is, only opening it can tell."""
        return self.startswith(f"{VERSION}.") and len(self) >= SHORTEST and self.isascii()


class Unchanged(Token):
    """A token that was read and is the same still, so that no update has to write it."""

    __slots__ = ()


def new_data_key() -> bytes:
    return AESGCM.generate_key(bit_length=256)


def seal(data_key: bytes, text: str, *, place: str) -> Token:
    """Return ``text`` as ciphertext that opens only with this key and at this ``place``.

    Every string can be sealed, lone surrogates and NUL included; refusing them is a form's work.
    """
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(data_key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), place.encode())
    return Token(f"{VERSION}.{base64.urlsafe_b64encode(nonce + body).decode()}")


def unseal(data_key: bytes, token: str, *, place: str) -> str:
    """Return the text that was sealed at ``place``.

    Raises :class:`Tampered` for anything else: plaintext, a truncated or changed token, a token
    of another row, field or key.
    """
    version, dot, body = token.partition(".")
    if version != VERSION or not dot:
        raise Tampered(f"What is stored at {place} is not a sealed value.")
    try:
        raw = base64.b64decode(body, altchars=b"-_", validate=True)
        text = AESGCM(data_key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Tampered(f"What is stored at {place} was not sealed there.") from error
    return text.decode("utf-8", "surrogatepass")
