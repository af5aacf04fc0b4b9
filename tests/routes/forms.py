"""Forms as a browser without JavaScript sends them: the fields a page holds, with what a test types."""

from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

TYPED = {"landmark": "water-gate", "title_en": "The wall", "title_ja": "石垣", "summary_en": "A stretch of wall."}
"""What a creator says of a scan that is attached, unless a test says otherwise."""


CHOSEN = ("radio", "checkbox")
"""Fields that are sent only when they are chosen."""


class _Forms(HTMLParser):
    """Collects the fields of every form, by the form's action."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, list[tuple[str, str]]] = {}
        self._action: str | None = None
        self._area: tuple[str, list[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = values.get("action", "")
            self.forms.setdefault(self._action, [])
        elif self._action is None:
            return
        elif tag == "textarea":
            self._area = (values["name"], [])
        elif tag == "select":
            self._select = values["name"]
        elif tag == "option" and "selected" in values:
            self._add(self._select, values.get("value", ""))
        elif tag == "input" and "name" in values and (values.get("type") not in CHOSEN or "checked" in values):
            self._add(values["name"], values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None
        elif tag == "textarea" and self._area is not None:
            self._add(self._area[0], "".join(self._area[1]))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)

    def _add(self, name: str, value: str) -> None:
        assert self._action is not None
        self.forms[self._action].append((name, value))


def fields_of(html: str, action: str) -> list[tuple[str, str]]:
    """The fields of the page's form with that action, as they stand."""
    parser = _Forms()
    parser.feed(html)
    assert action in parser.forms, f"no form leads to {action}; there are {sorted(parser.forms)}"
    return parser.forms[action]


def fill(fields: list[tuple[str, str]], **typed: str | list[str]) -> dict[str, list[str]]:
    """The fields with what was typed in place of what stood there; a button's name and value are typed too."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    for name, new in typed.items():
        values[name] = new if isinstance(new, list) else [new]
    return values


def submit(client: TestClient, html: str, action: str, **typed: str | list[str]) -> Any:
    """Send the page's form with that action, filled in; redirects are left to the test."""
    headers = {"Origin": "http://localhost"}
    return client.post(action, data=fill(fields_of(html, action), **typed), headers=headers, follow_redirects=False)


def login(client: TestClient, name: str, password: str, next_page: str = "", token: str | None = None) -> Any:
    """Sign in by the form of the login page."""
    if token is None:
        token = dict(fields_of(client.get("/login").text, "/login"))["login_token"]
    values = {"login_token": token, "name": name, "password": password, "next": next_page}
    return client.post("/login", data=values, follow_redirects=False)


def attach(client: TestClient, scan_id: str, **typed: str) -> Any:
    """Attach a built scan to a landmark, by the form of its page."""
    page = client.get(f"/studio/scans/{scan_id}").text
    return submit(client, page, f"/studio/scans/{scan_id}/attach", **{**TYPED, **typed})
