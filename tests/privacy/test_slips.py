"""Card numbers and accounts that people type by a slip are masked, however they type them."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from privacy.slips import Masked, mask, what_was_masked
from tests.privacy.slips import cards, digits_kept, ibans, typed

pytestmark = pytest.mark.once

CARD = "4111 1111 1111 1111"


@given(typed(cards()))
def test_card_keeps_its_last_four_digits_and_nothing_else(card):
    number, shown = card

    text, kinds = mask(f"Please charge {shown} today")

    # Where the first sixteen digits are a card themselves, nobody knows whether the last are its code.
    is_sure = len(number) <= 16 or not luhn.is_valid(number[:16])
    kept = [f"•••• {number[-4:]}", *([] if is_sure else ["••••"])]
    assert (text, kinds) in [(f"Please charge {each} today", ("card",)) for each in kept]


@given(typed(ibans()))
def test_account_keeps_its_last_four_characters_and_nothing_else(account):
    number, shown = account

    masked = mask(f"Pay it to {shown}, please")

    assert masked == (f"Pay it to •••• {number[-4:]}, please", ("iban",))


@given(ibans())
def test_account_is_found_in_small_letters_and_beside_its_name(number):
    assert mask(number.lower()).text == f"•••• {number[-4:]}"
    assert mask(f"IBAN{number}").text == f"IBAN•••• {number[-4:]}"
    assert mask(f"iban: {number[:2]} {number[2:]}").text == f"iban: •••• {number[-4:]}"


@given(cards(), cards())
def test_several_cards_in_one_line_are_all_masked(one, other):
    for between in (" ", ", ", " and ", "\n", "; "):
        masked = mask(f"{one}{between}{other}")

        assert masked.text == f"•••• {one[-4:]}{between}•••• {other[-4:]}"


@pytest.mark.parametrize(
    ("typed_text", "masked"),
    [
        (f"{CARD} 4242 4242 4242 4242", "•••• 1111 •••• 4242"),
        (f"{CARD}\n4242 4242 4242 4242\n5555 5555 5555 4444", "•••• 1111\n•••• 4242\n•••• 4444"),
        ("4111 1111\r\n1111 1111", "•••• 1111"),
        ("411111111111\n1111", "•••• 1111"),
        ("> my card 4111 1111\n> 1111 1111\n> thanks", "> my card •••• 1111\n> thanks"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "•••• 1111"),
        ("4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣", "•••• 1111"),
        ("我的卡号是4111111111111111。", "我的卡号是•••• 1111。"),
        ("(4111111111111111)", "(•••• 1111)"),
        ("It is 4111111111111111. 2 books please", "It is •••• 1111. 2 books please"),
        ("1. 4111 1111 1111 1111", "1. •••• 1111"),
        ("card 2026 4111 1111 1111 1111", "card 2026 •••• 1111"),
        ("3714 496353 98431", "•••• 8431"),
        ("3056 930902 5904", "•••• 5904"),
    ],
)
def test_card_is_found_in_whatever_stands_around_it(typed_text, masked):
    assert mask(typed_text) == (masked, ("card",))


@pytest.mark.parametrize(
    ("typed_text", "masked"),
    [
        (f"{CARD} 12/27 123", "•••• 1111 12/27 ••••"),
        (f"{CARD}, exp 12/2027, cvv 123.", "•••• 1111, exp 12/2027, cvv ••••."),
        (f"{CARD} 123", "•••• 1111 ••••"),
        (f"{CARD} 1227 123", "•••• 1111 1227 ••••"),
        ("4111111111111111|12|27|123", "•••• 1111|12|27|••••"),
        ("CVC: 1234", "CVC: ••••"),
        ("the security code is 123", "the security code is ••••"),
        ("Prüfziffer 123", "Prüfziffer ••••"),
        ("cryptogramme visuel : 123", "cryptogramme visuel : ••••"),
        ("código de seguridad 123", "código de seguridad ••••"),
    ],
)
def test_security_code_goes_with_its_card(typed_text, masked):
    assert mask(typed_text) == (masked, ("card",))


def test_price_behind_a_card_stays():
    assert mask(f"{CARD} 300 EUR").text == "•••• 1111 300 EUR"
    assert mask(f"{CARD} 300,50").text == "•••• 1111 300,50"


def test_wrong_check_digit_is_no_card_and_no_account():
    for text in ("4111 1111 1111 1112", "DE88 3704 0044 0532 0130 00", "GB82WEST1234569876543"):
        assert mask(text) == (text, ())


def test_several_kinds_are_told_in_one_order():
    masked = mask(f"password: hunter2, DE89370400440532013000, {CARD}")

    assert masked == ("password: ••••, •••• 3000, •••• 1111", ("card", "iban", "password"))


def test_what_is_two_slips_at_once_keeps_nothing():
    assert mask("Password: 4111111111111111") == ("Password: ••••", ("card", "password"))
    assert mask("Passwort: DE89 3704 0044 0532 0130 00") == ("Passwort: ••••", ("iban", "password"))


PIECES = st.sampled_from(
    [
        "4111 1111 1111 1111",
        "4111",
        "1111",
        "DE89370400440532013000",
        "password",
        "is",
        ":",
        "pin",
        "cvv 123",
        *"+-./7a\n ",
        "BSN",
        "111222333",
        "order",
        "hunter2",
        "  ",
        "•••• 1111",
        "••••",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join)))
def test_masking_what_is_masked_changes_nothing(text):
    once = mask(text)

    assert mask(once.text) == (once.text, ())


@given(st.lists(PIECES).map(" ".join))
def test_nothing_is_added_but_masks(text):
    """What stays of a text stands there as it was typed, in its order."""
    rest = iter(text)

    for kept in mask(text).text.replace("•••• ", "•").replace("••••", "•").split("•"):
        assert all(character in rest for character in kept if not character.isdecimal())


@given(cards(), st.sampled_from(["visa", "card no.", "Kreditkarte", "carte", "tarjeta", "my number:"]))
def test_card_that_is_named_leaves_four_digits(number, name):
    assert digits_kept(mask(f"{name} {number}").text) == number[-4:]


HOSTILE = {
    "digits": "4" * 20_000,
    "digits apart": "4 " * 10_000,
    "many groups": "4111 " * 4_000,
    "cards": "4111 1111 1111 1111 " * 1_000,
    "accounts": "DE89" * 5_000,
    "hints": "bsn 1 1 1 2 2 2 3 3 3 " * 900,
    "names": "password for " * 1_500,
    "colons": "password " + ":" * 19_990,
    "quotes": 'password: "' * 1_800,
    "addresses": "a@" * 10_000,
    "lines": "\n" * 20_000,
    "joiners": "4\u200b" * 10_000,
    "wide": "\uff14 " * 10_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_in_proportion(text):
    """Twice the text takes about twice the time; what went by the square would take four times."""
    short, long = (_seconds(text[:size]) for size in (10_000, 20_000))

    assert long < 1.0
    assert long < 3 * short + 0.02


def _seconds(text: str) -> float:
    spent = []
    for _attempt in range(3):
        began = process_time()
        mask(text)
        spent.append(process_time() - began)
    return min(spent)


def test_words_tell_what_was_masked():
    assert what_was_masked(["card"]) == "We masked a card number before storing it."
    assert what_was_masked(["password", "card"]) == (
        "We masked a card number and a password before storing them."
    )
    assert what_was_masked([]) == what_was_masked(["who knows"]) == ""


def test_text_without_slips_is_the_same():
    text = "Hello, where is my order 4711? I paid 12.50 € on 3 May 2026 — thanks, Zoë."

    assert mask(text) == Masked(text)
