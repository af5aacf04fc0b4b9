"""The form on which a scene is composed, as flat fields: what it shows of a scene, its rows, what two versions differ in. Pure.

Rows are numbered from 0: `spot-0-title-ja`, `era-1-year`, `node-0-remove`. A row without an id is new.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xr_server.domain.catalog import Era, Experience, Hotspot, Scene
from xr_server.domain.fields import LANGUAGES, Text
from xr_server.domain.published import pick

Typed = Mapping[str, str]
YES = "yes"
AXES = ("x", "y", "z")
ROW = re.compile(r"^(node|spot|era)-([0-9]{1,3})-(.+)$")
MARKS = ("id", "remove", "node")
"""Fields of a row that say nothing by themselves: an empty row may carry them."""


@dataclass(frozen=True)
class Differing:
    """One field in which what stands there now is not what was typed; row says of which point or era, language may be ''."""

    kind: str
    row: str
    field: str
    language: str
    theirs: str
    mine: str


def type_scene(scene: Scene) -> dict[str, str]:
    """What the form shows of a scene."""
    typed: dict[str, str] = {}
    for i, node in enumerate(scene.nodes):
        typed |= {f"node-{i}-id": node.id, f"node-{i}-sources": "\n".join(node.sources)}
    for i, spot in enumerate(scene.hotspots):
        typed |= {f"spot-{i}-{name}": value for name, value in _type_spot(spot).items()}
    for i, era in enumerate(scene.eras):
        typed |= {f"era-{i}-{name}": value for name, value in _type_era(era, scene).items()}
    eras = [era.id for era in scene.eras]
    if eras:
        typed["initial"] = str(eras.index(find_initial(scene) or eras[0]))
    typed |= {f"sound-{name}": YES for name in scene.sounds}
    return typed | type_text("credit", scene.credit)


def type_words(experience: Experience | None) -> dict[str, str]:
    """What the form shows of the words under which visitors find the scene, and of their cover picture."""
    if experience is None:
        return {}
    words = {name: getattr(experience, name) for name in ("title", "summary", "body")}
    typed = {"cover": experience.cover}
    for name, text in words.items():
        typed |= type_text(name, text)
    return typed


def type_text(name: str, text: Text) -> dict[str, str]:
    """A text's languages as fields."""
    return {f"{name}-{language}": words for language, words in text.items()}


def _type_spot(spot: Hotspot) -> dict[str, str]:
    place = {axis: say_number(value) for axis, value in zip(AXES, spot.position, strict=True)}
    texts = type_text("title", spot.title) | type_text("text", spot.text)
    return {"id": spot.id, "node": spot.node, **place, "media": spot.media or "", **texts}


def _type_era(era: Era, scene: Scene) -> dict[str, str]:
    stands = {f"stands-{node.id}": YES for node in scene.nodes if not node.eras or era.id in node.eras}
    return {
        "id": era.id,
        "year": str(era.year),
        **type_text("label", era.label),
        **type_text("text", era.text),
        **stands,
    }


def say_number(value: float) -> str:
    """A number as a field shows it; read again it is the same number."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def find_initial(scene: Scene) -> str | None:
    """The era a scene opens in; None without eras."""
    named = scene.initial_era or next((era for node in scene.nodes for era in node.eras), None)
    eras = [era.id for era in scene.eras]
    return named if named in eras else next(iter(eras), None)


def rows_of(typed: Typed, kind: str) -> list[int]:
    """The numbers of the rows of a kind that hold anything, in the order in which they stand in the form."""
    found = dict.fromkeys(int(match[2]) for name in typed if (match := ROW.match(name)) and match[1] == kind)
    return [number for number in found if not is_blank(typed, kind, number)]


def is_blank(typed: Typed, kind: str, number: int) -> bool:
    """Whether nobody wrote anything into a new row."""
    start = f"{kind}-{number}-"
    if typed.get(f"{start}id"):
        return False
    rest = {name.removeprefix(start): value for name, value in typed.items() if name.startswith(start)}
    return not any(value for name, value in rest.items() if name not in MARKS and not name.startswith("stands-"))


def gather_text(typed: Typed, name: str) -> Text:
    """A text's languages from its fields, the empty ones left out."""
    found = {language: typed.get(f"{name}-{language}", "") for language in LANGUAGES}
    return {language: words for language, words in found.items() if words}


def compare_typed(theirs: Typed, mine: Typed, language: str) -> list[Differing]:
    """Every field in which two versions of the form differ; rows are told apart by their ids, and called as in a language."""
    named_theirs, named_mine = _by_name(theirs), _by_name(mine)
    found = []
    for name in dict.fromkeys([*named_theirs, *named_mine]):
        old, new = named_theirs.get(name, ""), named_mine.get(name, "")
        if old == new:
            continue
        kind, row, field = name
        word, _, language = field.partition("-")
        is_told = language in LANGUAGES
        title = _title_of(theirs, (kind, row), language) or _title_of(mine, (kind, row), language)
        found.append(Differing(kind, title, word if is_told else field, language if is_told else "", old, new))
    return found


def _by_name(typed: Typed) -> dict[tuple[str, str, str], str]:
    """Values by (kind, id of the row, field); the scene's own fields have neither kind nor id."""
    named = {}
    for name, value in typed.items():
        match = ROW.match(name)
        if match is None:
            named["", "", name] = _name_of_initial(typed) if name == "initial" else value
        elif match[3] not in ("id", "remove"):
            start = f"{match[1]}-{match[2]}-"
            row = "" if typed.get(f"{start}remove") else typed.get(f"{start}id") or start
            if row and not is_blank(typed, match[1], int(match[2])):
                named[match[1], row, match[3]] = value
    return named


def _name_of_initial(typed: Typed) -> str:
    number = typed.get("initial", "")
    return typed.get(f"era-{number}-year", "")


def _title_of(typed: Typed, about: tuple[str, str], language: str) -> str:
    """What a row is called, told by its kind and id; '' when the form has no such row."""
    kind, row = about
    for number in rows_of(typed, kind) if kind else []:
        start = f"{kind}-{number}-"
        if row in (typed.get(f"{start}id"), start):
            return pick(gather_text(typed, f"{start}{'label' if kind == 'era' else 'title'}"), language) or row
    return ""


def count_rows(typed: Typed, kinds: Sequence[str] = ("node", "spot", "era")) -> dict[str, int]:
    """For each kind, the number the next new row has."""
    numbers = {kind: [int(m[2]) for name in typed if (m := ROW.match(name)) and m[1] == kind] for kind in kinds}
    return {kind: max(found, default=-1) + 1 for kind, found in numbers.items()}
