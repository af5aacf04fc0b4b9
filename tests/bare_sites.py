"""A running server over a data folder that holds nothing but a site and its accounts, and a client for its uploads."""

import base64
import re
import secrets
import shutil
from pathlib import Path

import httpx2

from tests.journeys.sites import PASSWORD, Served, free_port
from tests.samples import GATE, SITE, publish
from xr_server.app import system_clock
from xr_server.domain.account import NewAccount
from xr_server.storage.accounts import add_account

FIELDS = {"title": "Wall", "creator": "kana", "licence": "CC0", "lat": "32.7437", "lon": "129.8723", "height": "34.5"}
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
CHUNK_TYPE = "application/offset+octet-stream"


def make_bare_site(folder: Path, migrated_sqlite: Path) -> Served:
    """A site with one landmark, the creator kana and the member of staff sato; not started."""
    data_dir = folder / "data"
    shutil.copytree(migrated_sqlite, data_dir)
    port = free_port()
    site = Served(f"http://localhost:{port}", port, data_dir)
    catalog = site.open_catalog()
    publish(catalog, SITE)
    publish(catalog, GATE)
    for name, role in (("kana", "creator"), ("sato", "staff")):
        add_account(catalog, NewAccount("dejima", name, role, PASSWORD), system_clock(), secrets.token_bytes)
    catalog.dispose()
    return site


def sign_in(site: Served, name: str = "kana") -> httpx2.Client:
    """A client in which somebody has signed in, with the headers of the upload protocol."""
    client = httpx2.Client(base_url=site.url, timeout=30)
    token = re.search(r'name="login_token" value="(\w+)"', client.get("/login").text)
    assert token is not None
    answer = client.post("/login", data={"login_token": token[1], "name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    csrf = re.search(r'name="csrf" value="(\w+)"', client.get("/studio/").text)
    assert csrf is not None
    client.headers.update({**TUS, "X-CSRF-Token": csrf[1]})
    return client


def begin_upload(client: httpx2.Client, length: int, name: str) -> str:
    """The address of a new upload."""
    pairs = {"filename": name, **FIELDS}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    answer = client.post("/api/v1/uploads", headers={"Upload-Length": str(length), "Upload-Metadata": metadata})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def send_bytes(client: httpx2.Client, location: str, offset: int, data: bytes) -> int:
    """Send a chunk; gives the offset after it."""
    headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE}
    answer = client.patch(location, content=data, headers=headers)
    assert answer.status_code == 204, answer.text
    return int(answer.headers["upload-offset"])


def upload(client: httpx2.Client, data: bytes, name: str) -> str:
    """Send a whole scan; gives its id."""
    location = begin_upload(client, len(data), name)
    send_bytes(client, location, 0, data)
    return location.rpartition("/")[2]


def offset_of(client: httpx2.Client, location: str) -> int:
    """How many bytes the server has acknowledged."""
    return int(client.head(location).headers["upload-offset"])
