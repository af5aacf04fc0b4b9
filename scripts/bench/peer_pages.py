"""Pages of other viewers that show the same GLB, each as its documents say, served from this machine with brotli."""

import json
import math
import mimetypes
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any

import brotli

ROOT = Path(__file__).resolve().parents[2]
PINNED = Path(__file__).parent / "viewers"
SOURCES = PINNED / "pages"
INSTALLED = ROOT / "build" / "viewers"
MODULES = INSTALLED / "node_modules"
PAGES = ROOT / "build" / "bench" / "pages"
VITE = ROOT / "webxr_client" / "node_modules" / ".bin" / "vite"
VIEWERS = {"LocAR": "locar", "A-Frame": "aframe", "model-viewer": "model-viewer"}
COPIED = {
    "aframe.min.js": MODULES / "aframe" / "dist" / "aframe-v1.8.0.min.js",
    "model-viewer.min.js": MODULES / "@google" / "model-viewer" / "dist" / "model-viewer.min.js",
    "meshopt_decoder.js": MODULES / "meshoptimizer" / "meshopt_decoder.cjs",
}
LARGEST = {5120: 127, 5121: 255, 5122: 32767, 5123: 65535}
PACKED = (".html", ".js", ".css", ".json", ".svg")


def install_viewers() -> None:
    """Install what is compared with, unless just that is there."""
    names = ("package.json", "package-lock.json", ".npmrc")
    if (MODULES / ".package-lock.json").is_file() and all(
        (INSTALLED / name).is_file() and (INSTALLED / name).read_bytes() == (PINNED / name).read_bytes()
        for name in names
    ):
        return
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(PINNED / name, INSTALLED / name)
    subprocess.run(["npm", "ci", "--silent"], cwd=INSTALLED, check=True)


def build_pages(glb: bytes) -> None:
    """Write each viewer's page, with a model to show, into build/bench/pages."""
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    middle, radius_m = sphere_of(glb)
    values = {"x": middle[0], "y": middle[1], "z": middle[2], "away": 3 * radius_m, "radius": radius_m}
    for source in SOURCES.iterdir():
        text = Template(source.read_text(encoding="utf-8"))
        (PAGES / source.name).write_text(text.safe_substitute(values), encoding="utf-8")
    for name, path in COPIED.items():
        shutil.copy(path, PAGES / name)
    (PAGES / "model.glb").write_bytes(glb)
    _bundle_locar()


def _bundle_locar() -> None:
    """As LocAR's documents advise: built by Vite with three, from the versions it names."""
    work = INSTALLED / "locar-page"  # where its imports are found
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    shutil.move(PAGES / "locar.html", work / "locar.html")
    shutil.move(PAGES / "locar.js", work / "locar.js")
    three = MODULES / "locar" / "node_modules" / "three"
    resolve = {"alias": {"three": str(three)}} if three.is_dir() else {}
    options = {"resolve": resolve, "build": {"rolldownOptions": {"input": "locar.html"}, "chunkSizeWarningLimit": 800}}
    config = f"export default {json.dumps(options)}\n"
    (work / "vite.config.mjs").write_text(config, encoding="utf-8")
    command = [str(VITE), "build", "--logLevel", "warn", "--outDir", str(PAGES), "--emptyOutDir", "false"]
    subprocess.run(command, cwd=work, check=True, env=os.environ)


def read_glb(glb: bytes) -> Any:
    """The JSON of a GLB."""
    length = int.from_bytes(glb[12:16], "little")
    return json.loads(glb[20 : 20 + length])


def sphere_of(glb: bytes) -> tuple[list[float], float]:
    """(middle, radius) of the first mesh where its node puts it."""
    document = read_glb(glb)
    node = next(node for node in document["nodes"] if "mesh" in node)
    part = document["meshes"][node["mesh"]]["primitives"][0]
    place = document["accessors"][part["attributes"]["POSITION"]]
    whole = LARGEST[place["componentType"]] if place.get("normalized") else 1
    scale, shift = node.get("scale", [1, 1, 1]), node.get("translation", [0, 0, 0])
    low, high = (
        [value / whole * s + t for value, s, t in zip(place[end], scale, shift, strict=True)] for end in ("min", "max")
    )
    return [(a + b) / 2 for a, b in zip(low, high, strict=True)], math.dist(low, high) / 2


def indices_of(glb: bytes) -> int:
    """How many indices the largest part of a GLB has: who draws as many at once draws the model."""
    document = read_glb(glb)
    parts = [part for mesh in document["meshes"] for part in mesh["primitives"]]
    return max(int(document["accessors"][part["indices"]]["count"]) for part in parts)


@cache
def _packed(path: Path) -> bytes:
    return bytes(brotli.compress(path.read_bytes(), quality=11))


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = (PAGES / self.path.split("?")[0].lstrip("/")).resolve()
        if not path.is_relative_to(PAGES) or not path.is_file():
            self.send_error(404)
            return
        packs = path.suffix in PACKED
        body = _packed(path) if packs else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        if packs:
            self.send_header("Content-Encoding", "br")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing for every request."""


@contextmanager
def serve_pages() -> Iterator[str]:
    """The address of the pages, until the block ends. Everything is packed before the first request."""
    for path in PAGES.rglob("*"):
        if path.suffix in PACKED:
            _packed(path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
