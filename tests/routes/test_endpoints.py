"""The addresses that the page about data lists are those of the server, and all that the client and the pages ask for."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.test_client_texts import SERVER, reach
from xr_server.app import ROUTES
from xr_server.domain.endpoints import ENDPOINTS
from xr_server.routes.pages import load_texts
from xr_server.routes.shell import CONTENT_SECURITY_POLICY

LISTED = {address for endpoint in ENDPOINTS for address in endpoint.addresses}
# whose pages are not for visitors' phones: of creators and staff, counters, the entrance tablet, drafts, machines
OTHERS = (
    "account", "account/", "api/v1/nearby", "api/v1/scans/", "api/v1/uploads", "counter/", "desk", "feeds/", "healthz",
    "inbox", "join", "kiosk/", "login", "logout", "metrics", "permits/", "preview/", "readyz", "reset/", "studio",
    "tablets/",
)  # fmt: skip
NOT_ASKED = {"GET /api/v1/sites"}  # of programs: a page knows its site
ADDRESS = re.compile(r"""'(/[a-z][^'\s]*)'|`(/[^`\s]*)`""")
NOT_PAGES = {"/offline", "/kiosk/*"}  # the end of an address; the tablet at the entrance, which has the same worker
ENTRIES = ("main.ts", "immersive.ts", "follow.ts", "book.ts", "offline/sw.ts")


def list_routes() -> set[str]:
    """The server's routes for visitors, as the list writes them."""
    found = set()
    for route in ROUTES:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        if path.removeprefix("/").startswith(OTHERS):
            continue
        found |= {f"{method} {path}" for method in route.methods or () if method not in ("HEAD", "OPTIONS")}
    return found - NOT_ASKED


def is_listed(address: str) -> bool:
    """Whether an address of a source, with `*` for what is filled in, is one of the list."""
    asked = address.partition("?")[0]
    filled = re.compile(re.escape(asked).replace(r"\*", ".+"))
    for one in LISTED:
        path = one.partition(" ")[2]
        steps = ".+" if path.startswith("/static/") else "[^/]+"
        listed = re.compile(re.sub(r"\\\{\w+\\\}", steps, re.escape(path)))
        if listed.fullmatch(asked) or filled.fullmatch(re.sub(r"\{\w+\}", "x", path)):
            return True
    return False


def test_an_address_that_is_not_listed_would_be_seen() -> None:
    assert is_listed("/api/v1/sites/*?lang=*") and is_listed("/static/a/b.js") and is_listed("/*/*/xr/*")
    assert not is_listed("/api/v1/where-i-am") and not is_listed("/api/v1/sites/*/followers") and not is_listed("/desk")


def test_the_list_is_that_of_the_servers_routes_for_visitors() -> None:
    assert list_routes() == LISTED
    assert len(LISTED) == sum(len(endpoint.addresses) for endpoint in ENDPOINTS)  # none twice


def written_addresses() -> set[str]:
    """Addresses that stand in the client's source for visitors, with `*` for what is filled in."""
    source = "\n".join(reach(entry) for entry in ENTRIES)
    # what the service worker never touches is a list of what a page does not ask for, and comments ask for nothing
    source = re.sub(r"const NEVER = \[.*?\]|/\*\*.*?\*/|//.*?$", "", source, flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"\$\{(?:[^{}]|\{[^}]*\})*\}", "*", plain or filled) for plain, filled in ADDRESS.findall(source)}


def test_the_client_asks_for_nothing_that_is_not_listed() -> None:
    written = written_addresses()
    assert {"/api/v1/sites/*/scenes/*", "/sw.js"} <= written
    unknown = {one for one in written - NOT_PAGES if not is_listed(one)}
    assert unknown == set()


@pytest.mark.parametrize("address", sorted(one for one in LISTED if one.startswith("POST /api/")))
def test_what_is_listed_as_sent_is_sent_by_the_client(address: str) -> None:
    source = "\n".join(reach(entry) for entry in ENTRIES)
    last = address.rsplit("/", 1)[1]
    assert re.search(rf"['`/]{last}['`]", source)


def test_every_form_and_link_of_visitors_pages_leads_to_a_listed_address() -> None:
    for path in SERVER.glob("templates/visitor/*.html"):
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r"""(?:href|action|src)="(/[^"#?]*)""", text):
            address = re.sub(r"\{%.*", "", re.sub(r"\{\{[^}]*\}\}", "x", found))
            assert is_listed(address), (path.name, found)


def test_no_address_of_another_host_stands_in_the_client() -> None:
    source = "\n".join(reach(entry) for entry in ENTRIES)
    hosts = set(
        re.findall(r"https?://([\w.-]+\.[a-z]{2,})", re.sub(r"^\s*(?://|\*|/\*).*$", "", source, flags=re.MULTILINE))
    )
    assert hosts - {"www.w3.org"} == set()  # a name of a kind of picture, asked of nobody
    for rule in ("default-src 'self'", "connect-src 'self'"):
        assert rule in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("language", ["ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy"])
def test_every_row_has_its_words(language: str) -> None:
    texts = load_texts(language)
    for endpoint in ENDPOINTS:
        assert {f"endpoints.{endpoint.name}_{part}" for part in ("why", "sent")} <= set(texts)
        assert f"endpoints.needs_{endpoint.needs}" in texts
    said = {key for key in texts if re.fullmatch(r"endpoints\.\w+_(?:why|sent)", key)}
    assert len(said) == 2 * len(ENDPOINTS)


def test_the_page_about_data_lists_all_of_them(world: Any) -> None:
    visitor: TestClient = world.visitor()
    page = visitor.get("/en/dejima/privacy").text
    assert set(re.findall(r"<code>([A-Z]+ /[^<]*)</code>", page)) == LISTED
    counting = page[: page.index("POST /api/v1/events")]
    assert "Only if you have agreed to counting." in counting[counting.rindex("<dl>") :]


def test_only_counting_is_sent_unasked_and_only_with_a_yes() -> None:
    unasked = {one for endpoint in ENDPOINTS if endpoint.needs == "none" for one in endpoint.addresses}
    assert all(one.startswith("GET ") for one in unasked)
