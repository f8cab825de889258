"""National numbers are masked whole: where their check digits say enough, or where words name them."""

from random import Random

import pytest

from privacy.slips import mask
from tests.privacy.slips import NATIONAL_ANYWHERE, NATIONAL_NAMED, luxembourgish, national

pytestmark = pytest.mark.once

SAMPLES = range(50)
MASKED = ("national",)
# As their states write them, with what stdnum has in its examples.
WRITTEN = [
    ("fr", "2 95 10 99 126 111 93"),
    ("fr", "2 53 07 2B 073 004 70"),
    ("be", "85.07.30-033.28"),
    ("no", "151086 95088"),
    ("se", "19880320-0016"),
    ("ch", "756.9217.0769.85"),
    ("fi", "131052-308T"),
    ("fi", "131052a308t"),
    ("it", "RCC MNL 83S18 D969H"),
    ("it", "rccmnl83s18d969h"),
]
WRITTEN_AND_NAMED = [
    ("nl", "BSN 1112.22.333"),
    ("de", "Steuer-ID 36 574 261 809"),
    ("at", "SVNR 1237 010180"),
    ("es", "DNI: 54.362.315-K"),
    ("es", "NIE: X-2482300-W"),
    ("cz", "rodné číslo 710319/2745"),
    ("dk", "CPR 211062-5629"),
    ("se", "personnummer 880320-0016"),
    ("lv", "personas kods 161175-19997"),
    ("ie", "PPSN 6433435F"),
    ("ie", "PPSN 6433435OA"),
    ("is", "kennitala 120174-3399"),
    ("pt", "cartão de cidadão 00000000 0 ZZ4"),
    ("be-unknown-day", "rijksregisternummer 40.00.00-953.81"),
]


@pytest.mark.parametrize(("draw", "is_valid"), NATIONAL_ANYWHERE.values(), ids=NATIONAL_ANYWHERE)
def test_number_that_is_rare_is_masked_without_a_word_about_it(draw, is_valid):
    random = Random(7)

    for _sample in SAMPLES:
        number = national(random, draw, is_valid)
        assert mask(f"Here: {number}, thanks") == ("Here: ••••, thanks", MASKED), number


@pytest.mark.parametrize(("name", "draw", "is_valid"), NATIONAL_NAMED.values(), ids=NATIONAL_NAMED)
def test_number_is_masked_where_a_word_names_it(name, draw, is_valid):
    random = Random(7)

    for _sample in SAMPLES:
        number = national(random, draw, is_valid)
        assert mask(f"{name} {number}, thanks") == (f"{name} ••••, thanks", MASKED), number
        assert mask(f"{number} ({name})").text.startswith("•••• ("), number


@pytest.mark.parametrize(
    ("name", "draw", "is_valid"),
    [each for country, each in NATIONAL_NAMED.items() if country not in {"ssn-fr", "ie", "es", "es-foreign"}],
)
def test_number_that_is_common_stays_where_nothing_names_it(name, draw, is_valid):
    random = Random(7)
    kept = 0

    for _sample in SAMPLES:
        number = national(random, draw, is_valid)
        kept += mask(f"My order {number} is late").text == f"My order {number} is late"

    assert kept == len(SAMPLES)


@pytest.mark.parametrize(("country", "text"), WRITTEN)
def test_number_is_found_as_its_state_writes_it(country, text):
    assert mask(text) == ("••••", MASKED)


@pytest.mark.parametrize(("country", "text"), WRITTEN_AND_NAMED)
def test_named_number_is_found_as_its_state_writes_it(country, text):
    masked = mask(text)

    assert masked.kinds == MASKED
    assert masked.text.endswith(" ••••")
    assert not any(character.isdigit() for character in masked.text)


def test_number_of_luxembourg_needs_both_check_digits():
    number = luxembourgish(Random(7))
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    assert mask(number) == ("••••", MASKED)
    assert mask(wrong) == (wrong, ())


def test_name_far_away_names_nothing():
    apart = "and my order, which I have been waiting for since the beginning of the month, has the number"

    assert mask(f"I have a BSN {apart} 111222333").kinds == ()
    assert mask(f"111222333 {apart} of my BSN").kinds == ()


def test_word_with_the_same_letters_names_nothing():
    assert mask("nie wieder, X2482300W").kinds == ()
    assert mask("absnder 111222333").kinds == ()


def test_company_and_impossible_day_are_no_person():
    for text in ("00743110157", "codice fiscale 00743110157", "450401-3150", "be 85.13.40-033.28"):
        assert mask(text) == (text, ())


def test_number_broken_over_lines_and_in_other_digits_is_found():
    assert mask("295109912\n611193").text == "••••"
    assert mask("٢٩٥١٠٩٩١٢٦١١١٩٣").text == "••••"
    assert mask("BSN: ١١١٢٢٢٣٣٣").text == "BSN: ••••"
