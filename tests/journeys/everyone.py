"""What holds for everyone in whatever state a page is: axe finds nothing, targets are large, words are clear, nothing is lost."""

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.journeys.checks import violations, width_beyond

MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
LEAST_TARGET_PX = 44
LEAST_CONTRAST = {"light": 4.5, "evening": 4.5, "sunlight": 7.0}
SUNLIGHT = "localStorage.setItem('light', 'sunlight')"
MOST_TABS = 90
CLEAR_PX = 150
HOLD = """
const ask = requestAnimationFrame.bind(window)
const waiting = []
Object.assign(window, {
    isHeld: false,
    requestAnimationFrame: draw => window.isHeld ? waiting.push(draw) : ask(draw),
    goOn: () => { window.isHeld = false; waiting.splice(0).forEach(draw => ask(draw)) }
})
"""
"""Lets a page be measured without drawing a scene meanwhile, which takes nearly all of a machine without a GPU."""


def measure(page: Page, call: str) -> list[str]:
    """One of the measures of measures.js, such as `overlaps()`: what is amiss, nothing when all is well."""
    page.evaluate(MEASURES)
    found: list[str] = page.evaluate(f"measures.{call}")
    return found


def faults(page: Page, state: str, look: str = "light") -> list[str]:
    """Everything that is amiss on the page as it stands, each with the state's name before it."""
    page.evaluate("window.isHeld = true")
    found = axe_faults(page)
    found += [f"small: {one}" for one in measure(page, f"smallTargets({LEAST_TARGET_PX})")]
    found += [f"pale: {one}" for one in measure(page, f"paleWords({LEAST_CONTRAST[look]})")]
    found += [f"cuts in: {one}" for one in measure(page, "rudeRegions()")]
    beyond_px = width_beyond(page)
    if beyond_px > 0:
        found.append(f"{beyond_px} px wider than the screen")
    if page.locator(".immersive").count() > 0:
        found += measure(page, "overlaps()")
    page.evaluate("window.goOn?.()")
    return [f"{state}: {one}" for one in found]


def axe_faults(page: Page) -> list[str]:
    """What axe finds. What the sheet at the foot cuts short is no small target when it can be scrolled clear of it."""
    found = violations(page)
    if any("target-size" in one for one in found):
        at_px = page.evaluate("scrollY")
        page.evaluate(f"scrollBy(0, {CLEAR_PX})")
        elsewhere = violations(page)
        page.evaluate(f"scrollTo(0, {at_px})")
        found = [one for one in found if one in elsewhere or "target-size" not in one]
    return found


def check_focus(page: Page) -> None:
    """Fail unless something that can be seen has the focus and shows it."""
    fault = measure(page, "focusFault()")
    assert not fault, fault


def tab_on(page: Page, target: Locator) -> None:
    """Go on by the tab key to something; every stop on the way must be seen. Fails when the key does not lead there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            check_focus(page)
            return
        at_end = page.evaluate("document.activeElement === document.body")  # where the browser's own bar would follow
        if not at_end:
            check_focus(page)
    raise AssertionError(f"the tab key does not lead to {target}")


def stops(page: Page) -> list[str]:
    """Everything the tab key comes by on one way round the page; fails when the way never ends."""
    page.evaluate("document.activeElement?.blur()")
    page.evaluate(MEASURES)
    found: list[str] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return found
        found.append(page.evaluate("measures.describe(document.activeElement)"))
        if found.count(found[0]) > 1 and found[-1] == found[0]:
            return found[:-1]
    raise AssertionError(f"the tab key goes on and on: {found[-5:]}")
