"""Pictures of the pages: those of README and documents, and with --all every page in both languages, sizes and lights.

    .venv/bin/python scripts/make_screenshots.py [--data FOLDER] [--all FOLDER]

FOLDER of --data is a data folder with Dejima imported, such as scripts/run leaves it; what is missing is imported first.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from ladder_screens import take_ladder, write_film
from PIL import Image
from playwright.sync_api import Browser, Geolocation, Page, sync_playwright

from asset_pipeline.manifest import parse_manifest
from asset_pipeline.report.report_page import write_page

ROOT = Path(__file__).resolve().parent.parent
README_PICTURE = ROOT / "docs" / "pictures" / "phone.webp"
REPORT_PICTURE = README_PICTURE.with_name("report.webp")
REPORT_SIZE, REPORT_MODEL = {"width": 1180, "height": 1180}, "water-gate.glb"
CHROMIUM = os.environ.get("CHROMIUM_PATH") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SIZES = {"phone": PHONE, "desk": DESK}
LIGHTS = ("light", "evening", "sunlight")
PAGES = {
    "site": "",
    "landmark": "landmarks/kapitan",
    "experience": "experiences/chief-factor-house-1820",
    "immersive": "xr/water-gate-1820",
    "help": "help",
    "privacy": "privacy",
    "refusal": "landmarks/nowhere",
}
WITH_MODEL = {"experience", "immersive"}
GATE: Geolocation = {"latitude": 32.7440401, "longitude": 129.8720428, "accuracy": 6}
NO_CHOICE_TO_ASK = 'localStorage.setItem(\'consent\', \'{"state":"refused","text_version":"2026-11"}\')'
SUNLIGHT = "localStorage.setItem('light', 'sunlight')"
GAP_PX, FRAME_PX, GROUND = 48, 2, (217, 211, 199)
WAIT_MS = 90_000


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """A server over a data folder, with what is bundled imported; gives its address."""
    environment = {**os.environ, "DEJIMA_DATA_DIR": str(data)}
    dejima = [sys.executable, "-m", "xr_server.cli"]
    subprocess.run([*dejima, "import", "content/dejima"], cwd=ROOT, env=environment, check=True)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [*dejima, "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # its access log
    try:
        url = f"http://localhost:{port}"
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()  # noqa: S310 - our own server
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def open_page(browser: Browser, url: str, look: str, **options: Any) -> Page:
    """A page of a visitor who has chosen already, in a light."""
    scheme: Literal["dark", "light"] = "dark" if look == "evening" else "light"
    context = browser.new_context(base_url=url, color_scheme=scheme, reduced_motion="reduce", **options)
    context.add_init_script(NO_CHOICE_TO_ASK)
    if look == "sunlight":
        context.add_init_script(SUNLIGHT)
    return context.new_page()


def wait_for_model(page: Page) -> None:
    page.locator(".scene-bar button").first.wait_for(timeout=WAIT_MS)
    page.locator(".scene-word").wait_for(state="hidden", timeout=WAIT_MS)


def take_all(browser: Browser, url: str, folder: Path) -> None:
    """Every page in both languages, both sizes and all lights."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, viewport in SIZES.items():
        for look in LIGHTS:
            for language in ("ja", "en"):
                page = open_page(browser, url, look, viewport=viewport, locale=language)
                for name, path in PAGES.items():
                    page.goto(f"/{language}/dejima/{path}")
                    if name in WITH_MODEL:
                        wait_for_model(page)
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=folder / f"{name}-{language}-{size}-{look}.png")
                page.context.close()
            print(f"{size}, {look}: {len(PAGES)} pages in two languages", flush=True)


def take_readme_picture(browser: Browser, url: str) -> None:
    """The landing page on a phone beside the Water Gate as the visitor who walks up to it sees it."""
    options: dict[str, Any] = {
        "viewport": PHONE,
        "device_scale_factor": 2,
        "locale": "en",
        "permissions": ["geolocation"],
    }
    page = open_page(browser, url, "light", geolocation={**GATE, "longitude": 129.8731}, **options)
    page.goto("/en/dejima/")
    page.locator("#walk .primary").wait_for()
    page.wait_for_load_state("networkidle")
    landing = page.screenshot()
    page.locator("#walk .primary").click()
    page.locator("#me").wait_for()
    page.context.set_geolocation(GATE)
    page.locator("#arrival h2").wait_for()
    wait_for_model(page)
    arrived = page.screenshot()
    page.context.close()
    shots = [Image.open(BytesIO(data)).convert("RGB") for data in (landing, arrived)]
    width, height = shots[0].size
    picture = Image.new("RGB", (2 * width + 3 * GAP_PX, height + 2 * GAP_PX), GROUND)
    for number, shot in enumerate(shots):
        left = GAP_PX + number * (width + GAP_PX)
        picture.paste(
            (91, 97, 105), (left - FRAME_PX, GAP_PX - FRAME_PX, left + width + FRAME_PX, GAP_PX + height + FRAME_PX)
        )
        picture.paste(shot, (left, GAP_PX))
    README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS).save(README_PICTURE, quality=82)
    print(f"Wrote {README_PICTURE.relative_to(ROOT)}: {README_PICTURE.stat().st_size // 1000} kB")


def find_package(packages: Path, file_name: str) -> Path:
    """The newest package made from a file of this name."""
    manifests = sorted(packages.glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    found = [path.parent for path in manifests if parse_manifest(path.read_bytes()).source.file == file_name]
    return found[-1]


def take_report_picture(browser: Browser, package: Path) -> None:
    """The top of a package's report on a large screen."""
    with tempfile.TemporaryDirectory() as folder:
        page = browser.new_page(viewport=REPORT_SIZE, color_scheme="light")
        page.goto(write_page(package, Path(folder) / "report.html", "en").as_uri())
        shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
        page.close()
    shot.save(REPORT_PICTURE, quality=80)
    print(f"Wrote {REPORT_PICTURE.relative_to(ROOT)}: {REPORT_PICTURE.stat().st_size // 1000} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of the pages.")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="a data folder")
    parser.add_argument("--all", type=Path, help="a folder for pictures of every page")
    options = parser.parse_args()
    with (
        serve(options.data.resolve()) as url,
        tempfile.TemporaryDirectory() as films,
        sync_playwright() as playwright,
    ):
        film = write_film(Path(films) / "street.mjpeg")
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        take_readme_picture(browser, url)
        take_report_picture(browser, find_package(options.data.resolve() / "packages", REPORT_MODEL))
        if options.all:
            take_all(browser, url, options.all.resolve())
            take_ladder(browser, lambda of, **values: open_page(of, url, "light", **values), options.all.resolve())
        browser.close()


if __name__ == "__main__":
    main()
