"""The documents name what there is: settings, addresses, commands, words and files."""

import re
from pathlib import Path

import pytest

from xr_server.app import ROUTES
from xr_server.cli import app as command_line
from xr_server.cli import user_app
from xr_server.settings import ROWS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PAGES_OF_PEOPLE = ("/studio", "/desk")  # the interface document names them as a whole


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def template(path: str) -> str:
    """An address with its parts left open, so that {file:path} and {file} are the same."""
    return re.sub(r"\{\w+(?::\w+)?\}", "{}", path)


def documented_addresses() -> set[str]:
    return {template(path.split("?")[0]) for path in re.findall(r"(/[^\s`,]*)", read("docs/api.md"))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_setting_is_in_the_table_of_operators(row):
    assert f"| `{row.name}` |" in read("docs/operators.md")


def test_no_setting_is_documented_that_does_not_exist():
    named = set(re.findall(r"`(DEJIMA_\w+)`", read("docs/operators.md")))
    assert named - {"DEJIMA_"} == {row.name for row in ROWS}


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_every_address_is_in_the_interface_document(path):
    if path.startswith(PAGES_OF_PEOPLE):
        path = "/studio/…" if path.startswith("/studio") else "/desk/…"
    assert template(path) in documented_addresses()


def command_names() -> list[str]:
    names = [info.name or info.callback.__name__.replace("_", "-") for info in command_line.registered_commands]
    return sorted([*names, *(f"user {info.name}" for info in user_app.registered_commands)])


@pytest.mark.parametrize("name", command_names())
def test_every_command_is_documented(name):
    if name == "warm-up":  # called by scripts/setup.py only
        assert '"warm-up"' in read("scripts/setup.py")
        return
    assert f"dejima {name}" in read("docs/operators.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_architecture_names_every_module():
    text = read("docs/architecture.md")
    modules = [path for folder in ("asset_pipeline", "xr_server") for path in (ROOT / folder).rglob("*.py")]
    missing = [
        str(path.relative_to(ROOT))
        for path in modules
        if path.name != "__init__.py"
        and "versions" not in path.parts
        and not re.search(rf"\b{re.escape(path.stem)}\b", text)
    ]
    assert missing == []


def test_the_architecture_names_every_folder_of_the_client():
    text = read("docs/architecture.md")
    source = ROOT / "webxr_client" / "src"
    assert [path.name for path in source.iterdir() if path.is_dir() and f"{path.name}/" not in text] == []
