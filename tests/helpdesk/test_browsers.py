"""A browser in a few words: what helps with a fault, and nothing by which somebody is known again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.browsers import browser_in_words

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
SAMSUNG = (
    "Mozilla/5.0 (Linux; Android 14; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
)
CHROME = f"{WINDOWS}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.7204.119 Safari/537.36"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"{WINDOWS}; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox 141 on Windows"),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox 140 on Linux",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0", "Firefox 141 on Android"),
        (f"{MAC} Version/18.5 Safari/605.1.15", "Safari 18 on macOS"),
        (f"{PHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari 18 on iOS"),
        (f"{PHONE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1", "Chrome 138 on iOS"),
        (CHROME, "Chrome 138 on Windows"),
        (f"{CHROME} Edg/138.0.3351.65", "Edge 138 on Windows"),
        (f"{CHROME} OPR/120.0.0.0", "Opera 120 on Windows"),
        (SAMSUNG, "Samsung Internet 28 on Android"),
        (f"{WINDOWS}) QuollinasOwnBrowser/7.3.1", "Windows"),
        ("QuollinasOwnBot/2.1 (+https://quollina.example/bot)", ""),
        (f"{WINDOWS}; rv:123456.0) Gecko/20100101 Firefox/123456.0", "Firefox on Windows"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_browser_is_named_by_its_main_version_and_system(said, kept):
    assert browser_in_words(said) == kept


@given(
    st.text(max_size=600), st.sampled_from(["", CHROME, f"{PHONE} Version/18.5 Mobile/15E148 Safari/604.1"])
)
def test_nothing_that_somebody_wrote_is_kept(written, browser):
    kept = browser_in_words(browser + written)

    words = kept.replace(" on ", " ").replace("Samsung Internet", "Samsung").split()
    assert len(words) <= 3
    assert {word for word in words if not word.isdecimal()} <= {
        "Android",
        "Chrome",
        "ChromeOS",
        "DuckDuckGo",
        "Edge",
        "Firefox",
        "Linux",
        "Opera",
        "Safari",
        "Samsung",
        "Vivaldi",
        "Windows",
        "iOS",
        "macOS",
    }
