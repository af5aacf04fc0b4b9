"""Telling a memory and deciding on it over HTTP, as whoever gives one and staff do."""

import io
import re
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from tests.routes.conftest import World, post_form
from tests.routes.forms import fields_of, fill
from tests.routes.visitor_world import refresh, words_of
from xr_server.domain.memory import LEAST_MS
from xr_server.storage.memories import list_memories

FORM = "/memories/add/dejima/water-gate"
PAGE = "/en/dejima/landmarks/water-gate"
TOLD = {"words": "Boats came up\nto here.", "language": "en", "licence": "credit", "mine": "yes", "consent": "yes"}
GPS = 0x8825


def photograph() -> bytes:
    """A JPEG that says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "Camera of Nagasaki"
    exif.get_ifd(GPS)[2] = (32.0, 44.0, 37.0)
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 110)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def tell(site: World, client: TestClient, picture: bytes | None = None, wait_ms: int = LEAST_MS, **typed: str) -> Any:
    """Fill in the form as somebody would, with time to read it, and send it."""
    page = client.get(f"{FORM}?lang=en").text
    site.clock.at += wait_ms
    return send(client, page, picture, **typed)


def send(client: TestClient, page: str, picture: bytes | None = None, **typed: str) -> Any:
    values = fill(fields_of(page, f"{FORM}?lang=en"), **{**TOLD, **typed})
    files = {"picture": ("old.jpg", picture, "image/jpeg")} if picture is not None else {"picture": ("", b"")}
    return client.post(f"{FORM}?lang=en", data=values, files=files, follow_redirects=False)


def told(site: World, picture: bytes | None = None, **typed: str) -> tuple[TestClient, str, str]:
    """A memory that waits: its giver's browser, the code, and the id."""
    client = site.visitor()
    answer = tell(site, client, picture, **typed)
    assert answer.status_code == 303, words_of(answer.text)
    found = re.fullmatch(r"/memories/mine/(\w{16})\?lang=en&done=told", answer.headers["location"])
    assert found is not None
    return client, found[1], list_memories(site.catalog, "dejima")[0].id


def decide(client: TestClient, memory_id: str, step: str, revision: int = 1, **values: str) -> Any:
    return post_form(client, f"/desk/memories/{memory_id}", step=step, revision=revision, **values)


def show(site: World, client: TestClient, memory_id: str, revision: int = 1) -> None:
    assert decide(client, memory_id, "show", revision).status_code == 303
    refresh(site)
