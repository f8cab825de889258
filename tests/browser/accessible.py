"""Whether a page can be used by everybody: axe-core in both themes, reflow at 400 % (WCAG 2.2, 1.4.10)."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}, "iframes": False}
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": ["color-contrast"],
    "iframes": False,
}  # all that a theme changes
ZOOMED = {"width": 320, "height": 256}  # 1280 by 1024 at 400 %
WIDE = {"width": 1024, "height": 760}
# What is scrolled sideways, or stands out of the window; what is hidden from the eye stands where it likes.
SIDEWAYS = """() => [...document.querySelectorAll("*")].filter((each) => {
  const style = getComputedStyle(each);
  if (style.clipPath !== "none" || style.textOverflow === "ellipsis") return false;
  if (each.matches("textarea")) return false;
  return each.scrollWidth > each.clientWidth + 1 && !["visible", "clip"].includes(style.overflowX)
    || each === document.documentElement && each.scrollWidth > innerWidth;
}).map((each) => `sideways: ${each.tagName.toLowerCase()}.${each.className}`)"""


def check(page: Page, place: Page | Frame | None = None) -> None:
    """Assert that a page, or one of its frames, is accessible in the light, in the dark, and zoomed."""
    place = place or page
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    faults = violations(place, OPTIONS)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    faults += [f"dark {fault}" for fault in violations(place, COLOURS)]
    page.set_viewport_size(ZOOMED)
    faults += place.evaluate(SIDEWAYS)
    page.set_viewport_size(WIDE)
    assert not faults, "\n".join(faults)


def violations(place: Page | Frame, options: dict) -> list[str]:
    """Return what axe-core finds wrong, with the place of each."""
    if place.evaluate("typeof axe") == "undefined":
        place.evaluate(AXE_SCRIPT)
    found = place.evaluate("(options) => axe.run(options)", options)["violations"]
    return [f"{each['id']}: {node['html']} {node['any']}" for each in found for node in each["nodes"]]


def chat_frame(page: Page) -> Frame:
    """Return the frame of the chat, once its page is there."""
    frame = page.locator("iframe").element_handle().content_frame()
    frame.wait_for_selector(".frame__head")
    return frame
