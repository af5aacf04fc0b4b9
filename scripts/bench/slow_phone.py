"""A phone as Lighthouse's mobile setting has it: Chromium with a slow network, a slow processor and a small screen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Playwright

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREEN = {"width": 412, "height": 823}
PIXEL_RATIO = 1.75
SLOWER = 4
LATENCY_MS = 562.5
DOWN_BYTES_S = 1474.56 * 1024 / 8
UP_BYTES_S = 675 * 1024 / 8
PATIENCE_MS = 60_000
# The first frame in which a model of so many indices is drawn, whoever draws it: marked once that frame is done.
WATCH_DRAWING = """
(least => {
  let seen = false
  for (const name of ['drawElements', 'drawElementsInstanced', 'drawRangeElements']) {
    const at = name === 'drawRangeElements' ? 3 : 1
    const draw = WebGL2RenderingContext.prototype[name]
    WebGL2RenderingContext.prototype[name] = function (...given) {
      if (!seen && given[at] >= least) {
        seen = true
        requestAnimationFrame(() => performance.mark('model drawn'))
      }
      return draw.apply(this, given)
    }
  }
})(%d)
"""
WAIT_FOR_MARK = """
([name, patience_ms]) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error(`no mark ${name}`)), patience_ms)
  new PerformanceObserver(list => {
    const found = list.getEntries().find(mark => mark.name === name)
    if (found !== undefined) done(found.startTime)
  }).observe({ type: 'mark', buffered: true })
})
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def chromium_path() -> str | None:
    """Where the browser is: CHROMIUM_PATH, else the system's; None for Playwright's own."""
    return os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")


@contextmanager
def open_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser of its own, so that nothing is kept from the one before."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


def open_phone(browser: Browser) -> BrowserContext:
    """A phone with nothing stored."""
    return browser.new_context(
        viewport={"width": SCREEN["width"], "height": SCREEN["height"]},
        device_scale_factor=PIXEL_RATIO,
        is_mobile=True,
        has_touch=True,
        locale="en-GB",
    )


@dataclass
class Traffic:
    """What a page has loaded so far: bytes on the wire, all and of scripts alone."""

    all_bytes: int = 0
    script_bytes: int = 0
    kinds: dict[str, str] = field(default_factory=dict)

    def hear_answer(self, event: dict[str, Any]) -> None:
        """One answer began."""
        self.kinds[event["requestId"]] = event["type"]

    def hear_end(self, event: dict[str, Any]) -> None:
        """One answer is there."""
        size_bytes = int(event["encodedDataLength"])
        self.all_bytes += size_bytes
        if self.kinds.get(event["requestId"]) == "Script":
            self.script_bytes += size_bytes


def slow_down(page: Page) -> tuple[CDPSession, Traffic]:
    """Slow a page's network and processor, and count what it loads."""
    session = page.context.new_cdp_session(page)
    traffic = Traffic()
    session.send("Network.enable")
    session.on("Network.responseReceived", traffic.hear_answer)
    session.on("Network.loadingFinished", traffic.hear_end)
    conditions = {"latency": LATENCY_MS, "downloadThroughput": DOWN_BYTES_S, "uploadThroughput": UP_BYTES_S}
    session.send("Network.emulateNetworkConditions", {"offline": False, **conditions})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session, traffic


def wait_for_mark(page: Page, name: str) -> float:
    """Milliseconds from the start of the page to a mark of it; raises after a minute."""
    return float(page.evaluate(WAIT_FOR_MARK, [name, PATIENCE_MS]))


def load_text() -> str:
    """How busy the machine is, for the table."""
    return Path("/proc/loadavg").read_text(encoding="utf-8").split()[0] if Path("/proc/loadavg").exists() else "?"
