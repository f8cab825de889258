"""A visitor's browser in a few words, such as *Firefox 141 on Windows*: too few to know somebody again by."""

from functools import cache

from ua_parser import Domain
from ua_parser.basic import Resolver
from ua_parser.loaders import load_lazy_builtins

READ = 512  # of what a browser says of itself; real ones say less than half of that

# Families as the parser knows them, and what they are called here. Any other could be somebody's own.
_BROWSERS = {
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chromium": "Chrome",
    "HeadlessChrome": "Chrome",
    "DuckDuckGo": "DuckDuckGo",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Firefox": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera": "Opera",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
    "Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "Vivaldi": "Vivaldi",
}
_SYSTEMS = {
    "Android": "Android",
    "Chrome OS": "ChromeOS",
    "Debian": "Linux",
    "Fedora": "Linux",
    "Linux": "Linux",
    "Mac OS X": "macOS",
    "Ubuntu": "Linux",
    "Windows": "Windows",
    "iOS": "iOS",
}


def browser_in_words(user_agent: str) -> str:
    """Return name and main version of a browser and its system; empty for what isn't widely used."""
    found = _parser()(user_agent[:READ], Domain.USER_AGENT | Domain.OS)
    browser = _BROWSERS.get(found.user_agent.family, "") if found.user_agent else ""
    system = _SYSTEMS.get(found.os.family, "") if found.os else ""
    version = (found.user_agent.major or "") if browser and found.user_agent else ""
    if version.isdecimal() and len(version) <= 4:
        browser = f"{browser} {version}"
    return f"{browser} on {system}" if browser and system else browser or system


@cache
def _parser() -> Resolver:
    # Not the package's own: that one remembers the last few hundred texts that it read.
    return Resolver(load_lazy_builtins())
