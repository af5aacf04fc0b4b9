"""The built client: bytes to the first frame and to AR stay within their limits, and pages of words load no 3D."""

import json
import subprocess
import sys
from typing import Any

import pytest

from xr_server.routes.pages import STATIC_DIR, asset, chunks

ROOT = STATIC_DIR.parents[1]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return dict(json.loads((STATIC_DIR / ".vite" / "manifest.json").read_text(encoding="utf-8")))


def test_no_way_to_a_first_frame_is_over_its_bytes():
    command = [sys.executable, str(ROOT / "scripts" / "bench" / "client_bytes.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "first 3D, immersive" in done.stdout


@pytest.mark.parametrize(("entry", "scripts"), [("src/main.ts", 2), ("src/immersive.ts", 3)])
def test_a_page_begins_with_few_scripts_none_of_which_holds_three(entry, scripts):
    files = [asset(entry), *chunks(entry)]
    assert len(files) == scripts  # with documents and model they are six: each more costs a round trip
    for file in files:
        assert "WebGLRenderer" not in (STATIC_DIR / file.removeprefix("/static/")).read_text(encoding="utf-8")


def test_the_stage_adds_itself_and_three_and_nothing_else(manifest):
    added = {*chunks("src/orbit/stage.ts")} - {*chunks("src/immersive.ts")}
    assert len(added) == 1
    (three,) = added
    assert "WebGLRenderer" in (STATIC_DIR / three.removeprefix("/static/")).read_text(encoding="utf-8")
    assert manifest["src/orbit/stage.ts"]["isDynamicEntry"]
