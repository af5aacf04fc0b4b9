"""How a page is made: templates, the interface texts of a language, and the addresses of the built client files."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from xr_server.domain.languages import NAMES, html_tag, negotiate, say_number
from xr_server.domain.ruby import dress_page, dress_text

HERE = Path(__file__).parent.parent
STATIC_DIR = HERE / "static"
TEXTS_DIR = HERE / "texts"
PAGE_LANGUAGES = ("ja", "en")  # of creators and staff; the first is the default
PLACE = re.compile(r"\{([a-z_]+)\}")  # readings, {漢字|かんじ}, are no places
FALLBACK = {"ja-x-easy": "ja"}  # every other language without a text of its own reads English


@cache
def load_texts(language: str) -> Mapping[str, str]:
    """The interface texts of a language, keyed `area.name`; what is not translated yet stands in the fallback's words."""
    parent = FALLBACK.get(language, "en")
    return {**(load_texts(parent) if parent != language else {}), **load_own_texts(language)}


def load_own_texts(language: str) -> dict[str, str]:
    """The interface texts that are written in a language, keyed `area.name`."""
    texts = {}
    for path in sorted((TEXTS_DIR / language).glob("*.json")):
        area = json.loads(path.read_text(encoding="utf-8"))
        texts.update({f"{path.stem}.{key}": value for key, value in area.items()})
    return texts


@cache
def load_bundles() -> tuple[Mapping[str, Any], ...]:
    """Vite's manifests, of visitors and then of staff: for every source entry the built file and its style sheets."""
    paths = [STATIC_DIR / ".vite" / name for name in ("manifest.json", "staff.json")]
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file())


def _bundle_of(entry: str) -> Mapping[str, Any]:
    """The manifest an entry is of. What both have, as the tablet has the stage of visitors, is named for visitors.

    Raises KeyError before the client is built.
    """
    found = next((bundle for bundle in load_bundles() if entry in bundle), None)
    if found is None:
        raise KeyError(entry)
    return found


def asset(entry: str) -> str:
    """Address of a built client entry such as `src/main.ts`. Raises KeyError before the client is built."""
    return "/static/" + str(_bundle_of(entry)[entry]["file"])


def chunks(entry: str) -> list[str]:
    """Addresses of the chunks a built client entry needs at once; what it loads later is not among them."""
    return ["/static/" + str(part["file"]) for part in _parts_of_entry(entry)[1:]]


def later(part: str, entry: str) -> list[str]:
    """Addresses of what `part` needs beyond `entry`, which asks for it by itself, in the order in which they are read."""
    return [address for address in [*chunks(part), asset(part)] if address not in chunks(entry)]


def styles(entry: str) -> list[str]:
    """Addresses of the style sheets of a built client entry and of the chunks it shares with others."""
    sheets = [sheet for part in _parts_of_entry(entry) for sheet in part.get("css", [])]
    return ["/static/" + sheet for sheet in dict.fromkeys(sheets)]


@cache
def style_text(entry: str) -> str:
    """The style sheets of a built client entry as one text, to stand in the page: the first paint waits for no file."""
    paths = [STATIC_DIR / address.removeprefix("/static/") for address in styles(entry)]
    return "".join(path.read_text(encoding="utf-8").strip() for path in paths)


@cache
def style_source(entry: str) -> str:
    """What a Content-Security-Policy has to allow in style-src for just that text."""
    digest = hashlib.sha256(style_text(entry).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _parts_of_entry(entry: str) -> list[Mapping[str, Any]]:
    """The entry and everything it imports statically, as Vite's manifest has them, each once."""
    bundle, names = _bundle_of(entry), [entry]
    for name in names:  # grows while it is walked
        names += [part for part in bundle[name].get("imports", []) if part not in names]
    return [bundle[name] for name in names]


@cache
def environment() -> Environment:
    """The template environment: escaping always on, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    env.globals.update(asset=asset, chunks=chunks, later=later, styles=styles, style_text=style_text)
    return env


def choose_language(request: Request, offered: Sequence[str] = PAGE_LANGUAGES) -> str:
    """The language of a page: named in its address, else kept in the cookie, else the browser's first that we offer."""
    first_step = request.url.path.partition("/")[2].partition("/")[0]
    for named in (first_step, request.query_params.get("lang"), request.cookies.get("lang")):
        if named in offered:
            return str(named)
    accepted = request.headers.get("accept-language", "")
    found = negotiate(accepted, offered)
    if found is not None:
        return found
    speaks_another = accepted.strip() not in {
        "",
        "*",
    }  # whom we cannot serve in their own language, English serves best
    return "en" if speaks_another and "en" in offered else offered[0]


def link_languages(path: str, offered: Sequence[str] = tuple(NAMES)) -> list[tuple[str, str, str, str]]:
    """The page at a path in each language: the language, its own name as HTML, its tag for software, the address.

    A path that begins with no language leads to the first page.
    """
    first, _, rest = path.removeprefix("/").partition("/")
    rest = rest if first in NAMES else ""
    return [(language, dress_page(NAMES[language]), html_tag(language), f"/{language}/{rest}") for language in offered]


def render_page(
    request: Request, template: str, language: str, values: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """A page in a language; templates read texts as `t('visitor.title', name=...)`."""
    html = render_html(template, language, {**values, "path": request.url.path})
    return HTMLResponse(html, status_code=status, headers={"Content-Language": language})


class WithReadings(str):
    """A sentence whose readings stand over its kanji where a page shows it; what people typed is left alone."""

    __slots__ = ()

    def __html__(self) -> str:
        return dress_text(self)


def render_html(template: str, language: str, values: Mapping[str, Any]) -> str:
    """A template in a language, as text; `lang` is the language as software knows it, readings are ruby.

    for_pupil among the values: where there is a simpler sentence for children, it stands in place of the usual one.
    """
    texts, for_pupil = load_texts(language), bool(values.get("for_pupil"))

    def t(key: str, **parts: object) -> str:
        simple = texts.get(f"pupil.{key}") if for_pupil else None
        return fill(texts[key], language, **parts) if simple is None else WithReadings(fill(simple, language, **parts))

    common = {"t": t, "texts": texts, "language": language, "lang": html_tag(language)}
    html = environment().get_template(template).render({**values, **common})
    return dress_page(html) if language == "ja-x-easy" else html


def say_in(language: str, key: str, **parts: object) -> str:
    """A text in a language of its own, for sheets and screens that speak several at once."""
    return fill(load_texts(language)[key], language, **parts)


def fill(sentence: str, language: str, **parts: object) -> str:
    """A sentence with its `{name}` places filled in, numbers as the language writes them. Raises KeyError for a gap."""

    def part(found: re.Match[str]) -> str:
        value = parts[found[1]]
        return say_number(value, language) if isinstance(value, int | float) else str(value)

    return PLACE.sub(part, sentence) if parts else sentence
