"""What any page must hold to: axe finds nothing, everything can be reached by keyboard."""

from typing import Any

from playwright.sync_api import Locator, Page

from tests.journeys.sites import ROOT

AXE = ROOT / "webxr_client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
EMULATED = "[data-webxr_runtime]"
"""What the emulated phone or headset adds to a page."""
MOST_TABS = 80


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line each."""
    page.wait_for_load_state()
    if page.evaluate("typeof axe") == "undefined":  # evaluated, not added: the page's policy forbids foreign scripts
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "([rules, apart]) => axe.run({exclude: [[apart]]}, {runOnly: rules, resultTypes: ['violations']})"
        ".then(result => result.violations)",
        [RULES, EMULATED],
    )
    return [
        f"{item['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for item in found for node in item["nodes"]
    ]


def width_beyond(page: Page) -> float:
    """By how many CSS pixels the page is wider than its screen."""
    page.wait_for_load_state()  # right after a click that leads on there may be no document to measure yet
    return float(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def tab_to(page: Page, target: Locator) -> None:
    """Move the focus to something with the tab key alone; fails when that does not lead there."""
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tab key does not lead to {target}")
