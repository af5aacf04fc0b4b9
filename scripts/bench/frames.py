"""What a frame of each scene costs: triangles, draw calls, textures, and script at a processor four times slower.

Usage: python scripts/bench/frames.py [--check]

The view is turned all round and brought nearer by keys, as a visitor would. Drawing is counted from outside the page,
so nothing of this is in the shipped client. Script of a frame includes waiting for the graphics process; without a GPU
and on a busy machine it is too high. Textures include the shadow's. Wants a machine that does nothing else.
"""

import argparse
import statistics
import sys
from typing import Any

from bench_site import ROOT, Site, fill, free_port, serve
from playwright.sync_api import Browser, sync_playwright
from slow_phone import SLOWER, load_text, open_browser, open_phone, wait_for_mark

COUNT = ROOT / "tests" / "journeys" / "count_drawing.js"
TRIANGLES, CALLS, TEXTURE_BYTES, SCRIPT_MS = 150_000, 60, 64 << 20, 6.0
KEYS = ("ArrowLeft",) * 6 + ("+",) * 3 + ("ArrowUp",) * 2 + ("-",) * 5
REST_MS, SETTLE_MS = 200, 2000


def walk_round(browser: Browser, site: Site, experience: str) -> dict[str, Any]:
    """The costs of one scene."""
    phone = open_phone(browser)
    page = phone.new_page()
    page.add_init_script(path=COUNT)
    page.goto(f"{site.url}/en/dejima/xr/{experience}")
    wait_for_mark(page, "first3d")
    page.wait_for_timeout(SETTLE_MS)
    phone.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.locator("canvas").first.focus()
    page.evaluate("drawing.frames.length = 0")
    for key in KEYS:
        page.keyboard.press(key)
        page.wait_for_timeout(REST_MS)
    frames = page.evaluate("drawing.frames")
    script_ms = sorted(frame["script_ms"] for frame in frames)
    found = {
        "triangles": max(frame["triangles"] for frame in frames),
        "calls": max(frame["calls"] for frame in frames),
        "texture_bytes": page.evaluate("drawing.texture_bytes()"),
        "script_ms": statistics.median(script_ms),
        "p95_ms": script_ms[int(0.95 * (len(script_ms) - 1))],
        "frames": len(frames),
    }
    phone.close()
    return found


def main() -> None:
    """Print the table; with --check also judge it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    fill()
    passed = False
    print("| scene | triangles | calls | textures MB | script ms median | p95 | frames | load |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with sync_playwright() as playwright, serve(free_port()) as site, open_browser(playwright) as browser:
        for experience in site.read("/api/v1/sites/dejima?lang=en")["experiences"]:
            found = walk_round(browser, site, experience["id"])
            megabytes = found["texture_bytes"] / 1e6
            print(
                f"| {experience['id']} | {found['triangles']:,.0f} | {found['calls']} | {megabytes:.1f} | "
                f"{found['script_ms']:.1f} | {found['p95_ms']:.1f} | {found['frames']} | {load_text()} |",
                flush=True,
            )
            passed = passed or found["triangles"] > TRIANGLES or found["calls"] > CALLS
            passed = passed or found["texture_bytes"] > TEXTURE_BYTES or found["script_ms"] > SCRIPT_MS
    sys.exit(1 if passed and given.check else 0)


if __name__ == "__main__":
    main()
