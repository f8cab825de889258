"""Passwords are masked where somebody names them, and sentences about passwords stay as they are."""

import pytest

from privacy.slips import mask

pytestmark = pytest.mark.once

SLIPS = [
    ("my password is hunter2", "my password is ••••"),
    ("My password is swordfish.", "My password is ••••."),
    ("password: swordfish", "password: ••••"),
    ("Password = s3cret!", "Password = ••••"),
    ("password hunter2", "password ••••"),
    ("The password for the shop is Sunny2024!", "The password for the shop is ••••"),
    ("user: bob, pass: tr0ub4dor, thanks", "user: bob, pass: ••••, thanks"),
    ("login bob pw: geheim and please hurry", "login bob pw: •••• and please hurry"),
    ("Password:\nhunter2\nThanks", "Password:\n••••\nThanks"),
    ('password: "correct horse battery"', 'password: "••••"'),
    ("passphrase: correct horse battery staple", "passphrase: ••••"),
    ("**Password:** hunter2", "**Password:** ••••"),
    ('{"password": "abc", "user": "bob"}', '{"password": "••••", "user": "bob"}'),
    ("?user=bob&password=hunter2", "?user=bob&password=••••"),
    ("pwd is MyDogRex", "pwd is ••••"),
    ("my PIN is 1234", "my PIN is ••••"),
    ("pin code: 987654", "pin code: ••••"),
    ("Passwort: geheim", "Passwort: ••••"),
    ("Mein Passwort lautet Sommer2026", "Mein Passwort lautet ••••"),
    ("Mein Kennwort ist geheim123.", "Mein Kennwort ist ••••."),
    ("Passwort für den Shop: Blume", "Passwort für den Shop: ••••"),
    ("Passwort ist „mein Hund“", "Passwort ist „••••“"),
    ("mot de passe : soleil", "mot de passe : ••••"),
    ("mon mot de passe est Soleil75", "mon mot de passe est ••••"),
    ("mdp: azerty", "mdp: ••••"),
    ("Mot de passe\u00a0: «\u00a0chat noir\u00a0»", "Mot de passe\u00a0: «\u00a0••••\u00a0»"),
    ("contraseña: perro99", "contraseña: ••••"),
    ("mi contraseña es Perro99 y no entra", "mi contraseña es •••• y no entra"),
    ("Mi contrasena es mariposa", "Mi contrasena es ••••"),
    ("clave: mariposa7", "clave: ••••"),
    ("Password\uff1ahunter2", "Password\uff1a••••"),
]
SENTENCES = [
    "I forgot my password.",
    "My password is wrong.",
    "The password is not working",
    "password: please reset it for me",
    "Password: forgotten",
    "Is the password case sensitive?",
    "Your password reset link: https://shop.example/reset/abc123",
    "Password: https://shop.example/reset/abc123",
    "The password is 8 characters long, I think",
    "How do I change my password",
    "password manager 2 is installed",
    "the password is the same as before",
    "My pin is broken",
    "a pin 12 mm long",
    "Password: ********",
    "Passwort: ••••",
    "Das Passwort ist falsch.",
    "Mein Passwort ist abgelaufen",
    "Passwort: weiß ich nicht mehr",
    "Das Passwort ist seit gestern ungültig",
    "Ich habe mein Passwort vergessen!",
    "Le mot de passe est incorrect.",
    "Mot de passe : je ne sais plus",
    "mon mot de passe est expiré",
    "j'ai oublié mon mot de passe, merci",
    "La contraseña es incorrecta",
    "La contraseña: no la recuerdo",
    "mi contraseña es inválida.",
    "La clave es la paciencia",
    "the key is under the mat",
    "compass: north",
    "passport: AB1234567",
    "A spa password-free login would be nice",
]


@pytest.mark.parametrize(("typed", "masked"), SLIPS)
def test_password_is_masked(typed, masked):
    assert mask(typed) == (masked, ("password",))


@pytest.mark.parametrize("text", SENTENCES)
def test_sentence_about_passwords_stays(text):
    assert mask(text) == (text, ())


@pytest.mark.parametrize("word", ["password", "Passwort", "mot de passe", "contraseña"])
@pytest.mark.parametrize(
    "value", ["x7!", "äöü-99", "p@ss", "日本語7", "a" * 150 + "1", "🔑🔑🔑7", "<b>7</b>"]
)
def test_whatever_looks_made_up_is_masked_behind_a_colon(word, value):
    masked = mask(f"{word}: {value}\nthanks")

    assert masked == (f"{word}: ••••\nthanks", ("password",))
