"""What pages of visitors tell of residents' memories: in the reader's language, or in the words in which they were given."""

from collections.abc import Sequence
from dataclasses import dataclass

from asset_pipeline.licences import find_licence
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.memory import LICENCES, Rendering, Shown, Told
from xr_server.domain.ruby import plain
from xr_server.routes.pages import fill, load_texts

SHEET = "src/memories.css"


@dataclass(frozen=True)
class Telling:
    """A memory as a page says it. tag: the language of words and picture, None for the page's own.

    original: the words as they were given, where a translation stands in their place; by_machine: nobody has read it.
    """

    id: str
    words: str
    shows: str
    tag: str | None
    has_picture: bool
    credit: str
    licence: str
    licence_url: str
    original: str
    original_tag: str
    original_name: str
    by_machine: bool


def say_memories(memories: Sequence[Shown], landmark: str, language: str) -> list[Telling]:
    """The memories of a landmark for a reader of a language."""
    return [say_memory(one, language) for one in memories if one.landmark == landmark]


def say_memory(memory: Shown, language: str) -> Telling:
    """One memory for a reader of a language."""
    told, translated = memory.told, _find_rendering(memory, language)
    shown: Told | Rendering = translated or told
    foreign = translated is None and html_tag(told.language) != html_tag(language)
    licence = find_licence(LICENCES[told.licence])
    return Telling(
        id=memory.id,
        words=shown.words,
        shows=shown.shows,
        tag=html_tag(told.language) if foreign else None,
        has_picture=memory.has_picture,
        credit=say_credit(told, language),
        licence=licence.name if licence else load_texts(language)["memory.licence_here_short"],
        licence_url=licence.url if licence else "",
        original=told.words if translated else "",
        original_tag=html_tag(told.language),
        original_name=plain(NAMES[told.language]),
        by_machine=translated is not None and not translated.reviewed,
    )


def _find_rendering(memory: Shown, language: str) -> Rendering | None:
    """The translation for a reader; plain Japanese is read by whoever reads Japanese only where there is no other."""
    if language == memory.told.language:
        return None
    same_tongue = html_tag(language) == html_tag(memory.told.language)
    nearest = () if same_tongue else (("ja",) if language == "ja-x-easy" else ())
    return next((memory.translations[one] for one in (language, *nearest) if one in memory.translations), None)


def say_credit(told: Told, language: str) -> str:
    """Whose memory it is and of which year."""
    texts = load_texts(language)
    name = told.name or texts["memory.a_resident"]
    if told.year is None:
        return name
    key = "memory.credit_about" if told.about else "memory.credit_year"
    return fill(texts[key], language, name=name, year=str(told.year))
