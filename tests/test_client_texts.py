"""A page carries every sentence its script can say, as the source says it, and not those of other pages."""

import re
from pathlib import Path

import pytest

from xr_server.routes.client_texts import client_texts

SOURCE = Path(__file__).resolve().parents[1] / "webxr_client" / "src"
SERVER = SOURCE.parents[1] / "xr_server"
IMPORT = re.compile(r"^(?:import|export)\s(?!type\b)[^']*'(\.[^']+)'|import\('(\.[^']+)'\)", re.MULTILINE)


def reach(entry: str) -> str:
    """The source of an entry and of everything it imports, now or later."""
    files = [SOURCE / entry]
    for file in files:  # grows while it is walked
        names = (early or late for early, late in IMPORT.findall(file.read_text(encoding="utf-8")))
        found = (file.parent / f"{name}.ts" for name in names)
        files += [path.resolve() for path in found if path.is_file() and path.resolve() not in files]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(("entry", "immersive"), [("main.ts", False), ("immersive.ts", True)])
def test_every_sentence_of_the_source_is_in_the_page(entry: str, immersive: bool) -> None:
    # the names of events and actions are no sentences, though some are spelt like the key of one
    source = re.sub(r"\b(?:type: |case )'\w+'", "", reach(entry))
    words = set(re.findall(r"['`\"]([a-z][a-z0-9_]*)['`\"]", source))
    stems = tuple(set(re.findall(r"`([a-z]+_)\$\{", source)))  # such as `when_${state}`
    everything = client_texts("en", True) | client_texts("en", False)
    said = {key for key in everything if key in words or key.startswith(stems)}
    assert said - set(client_texts("en", immersive)) == set()
    assert len(said) > 40


def test_every_sentence_for_scripts_is_said_somewhere() -> None:
    pages = [*SERVER.glob("templates/**/*.html"), *SERVER.glob("routes/*.py")]
    source = "\n".join([reach("main.ts"), reach("immersive.ts"), *(path.read_text(encoding="utf-8") for path in pages)])
    words = set(re.findall(r"[a-z][a-z0-9_]*", source))
    stems = tuple(set(re.findall(r"([a-z][a-z0-9_]*_)(?:\$\{|' ~)", source)))
    everything = client_texts("en", True) | client_texts("en", False)
    assert [key for key in everything if key not in words and not key.startswith(stems)] == []


def test_pages_carry_less_than_everything() -> None:
    immersive, reading = client_texts("en", True), client_texts("en", False)
    assert "guide_ahead" in reading and "guide_ahead" not in immersive
    assert "ar_place" in immersive and "ar_place" not in reading
