"""Composing a scene: what was typed in, the scene and its words out, or a sentence beside each field that cannot be taken.

Pure. Nothing is taken in part: with a single fault nothing is saved, and the form keeps what was typed.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import msgspec

from xr_server.domain.attachment import MAX_SUMMARY_LENGTH, MAX_TITLE_LENGTH
from xr_server.domain.catalog import Era, Experience, Hotspot, Node, Scene
from xr_server.domain.compose_form import AXES, YES, Typed, find_initial, gather_text, rows_of
from xr_server.domain.fields import LANGUAGES, Text
from xr_server.errors import Invalid

MAX_NODES, MAX_SPOTS, MAX_ERAS, MAX_SOUNDS, MAX_SOURCES = 12, 30, 12, 8, 20
LENGTHS = {
    "title_too_long": MAX_TITLE_LENGTH,
    "summary_too_long": MAX_SUMMARY_LENGTH,
    "compose_label_long": 60,
    "compose_text_long": 600,
    "compose_body_long": 4000,
    "compose_credit_long": 300,
    "compose_source_long": 300,
}
"""Most characters of a text, by what is said when it is longer."""
YEARS = (-10_000, 3000)
LEAST_ROOM_M = 1.0  # a point may float before a model, but not farther than the model is large
ID_LENGTH = 40

Box = tuple[Sequence[float], Sequence[float]]
"""The least and the greatest corner of a model, in its own metres."""


@dataclass(frozen=True)
class Around:
    """What a scene may name: languages of the site, pictures and sounds of its library, boxes of models by node."""

    languages: Sequence[str] = LANGUAGES
    pictures: Set[str] = frozenset()
    sounds: Set[str] = frozenset()
    boxes: Mapping[str, Box] = field(default_factory=dict)


Faults = dict[str, Invalid]
"""What is amiss, by the name of the field."""


def compose_scene(typed: Typed, before: Scene, around: Around, added: Node | None = None) -> tuple[Scene, Faults]:
    """The scene that was typed, and what is amiss with it: it is to be saved only without faults."""
    faults: Faults = {}
    dated = _read_eras(typed, before, around, faults)
    kept = [(i, node) for i, node in enumerate(before.nodes) if node.id not in _removed_nodes(typed)]
    for i, node in kept:
        if dated.eras and not any(node.id in standing for standing in dated.stands.values()):
            faults[f"node-{i}-eras"] = Invalid("compose_nowhere", "Tick at least one era in which this model stands.")
    dressed = [(i, _dress_node(node, dated, before)) for i, node in kept]
    nodes = [_cite(typed, f"node-{i}-sources", node, faults) for i, node in dressed] + (
        [added] if added is not None else []
    )
    if not nodes:
        faults["nodes"] = Invalid("compose_no_model", "A scene shows at least one model; leave one in it.")
    _check_count("nodes", nodes, MAX_NODES, faults)
    spots = _read_spots(typed, _Ground(before, frozenset(node.id for node in nodes), around), faults)
    scene = msgspec.structs.replace(
        before,
        nodes=nodes,
        eras=dated.eras,
        hotspots=spots,
        sounds=_read_sounds(typed, before, around, faults),
        credit=_read_words(typed, ("credit", before.credit, "compose_credit_long"), around, faults),
        initial_era=None,
    )
    chosen = dated.ids.get(f"era-{typed.get('initial', '')}-")
    opens_so = chosen is None or (chosen == find_initial(scene) and before.initial_era is None)
    return scene if opens_so else msgspec.structs.replace(scene, initial_era=chosen), faults


def compose_words(typed: Typed, before: Experience, around: Around) -> tuple[Experience, Faults]:
    """The words and the cover that were typed, and what is amiss with them."""
    faults: Faults = {}
    title = _read_words(typed, ("title", before.title, "title_too_long"), around, faults)
    summary = _read_words(typed, ("summary", before.summary, "summary_too_long"), around, faults)
    body = _read_words(typed, ("body", before.body, "compose_body_long"), around, faults)
    if not title:
        faults["title"] = Invalid("title_missing", "Give it a title in at least one language; visitors see it first.")
    cover = typed.get("cover", "")
    if cover and cover != before.cover and cover not in around.pictures:
        faults["cover"] = Invalid("compose_media_missing", "This is not in the library any more. Choose another one.")
    return msgspec.structs.replace(before, title=title, summary=summary, body=body, cover=cover), faults


@dataclass(frozen=True)
class _Ground:
    """What points are laid on: the scene as it was, the nodes that stay, and what may be named."""

    before: Scene
    nodes: frozenset[str]
    around: Around


def _removed_nodes(typed: Typed) -> set[str]:
    return {typed[f"node-{i}-id"] for i in rows_of(typed, "node") if typed.get(f"node-{i}-remove") == YES}


def _kept_rows(typed: Typed, kind: str) -> Iterator[str]:
    """How the names of the fields begin, for every row that is filled in and not to be taken away."""
    for number in rows_of(typed, kind):
        if typed.get(f"{kind}-{number}-remove") != YES:
            yield f"{kind}-{number}-"


def _read_words(typed: Typed, about: tuple[str, Text, str], around: Around, faults: Faults) -> Text:
    """A text in the site's languages; what it says in others stays. about: name of its fields, as it was, its limit."""
    name, before, limit = about
    found = {lang: words for lang, words in gather_text(typed, name).items() if lang in around.languages}
    for language, words in found.items():
        if len(words) > LENGTHS[limit]:
            faults[f"{name}-{language}"] = Invalid(limit, f"At most {LENGTHS[limit]} characters fit here.")
    return {**{lang: words for lang, words in before.items() if lang not in around.languages}, **found}


def _check_count(name: str, parts: Sequence[object], most: int, faults: Faults) -> None:
    if len(parts) > most:
        faults[name] = Invalid(f"compose_many_{name}", f"At most {most} fit into one scene. Take some away.")


@dataclass(frozen=True)
class _Dated:
    """The eras in the order of their years, which nodes stand in each, and the id that each row of the form has."""

    eras: list[Era]
    stands: Mapping[str, Set[str]]
    ids: Mapping[str, str]


def _read_eras(typed: Typed, before: Scene, around: Around, faults: Faults) -> _Dated:
    left = {era.id: era for era in before.eras}
    eras: list[Era] = []
    stands: dict[str, Set[str]] = {}
    ids: dict[str, str] = {}
    for start in _kept_rows(typed, "era"):
        was = left.pop(typed.get(f"{start}id", ""), None)
        label = _read_words(typed, (f"{start}label", was.label if was else {}, "compose_label_long"), around, faults)
        text = _read_words(typed, (f"{start}text", was.text if was else {}, "compose_text_long"), around, faults)
        if not label:
            faults[f"{start}label"] = Invalid("compose_label_missing", "Give the era a name in at least one language.")
        year = _read_year(typed, f"{start}year", faults)
        taken = {*(era.id for era in before.eras), *stands}
        ids[start] = was.id if was else _free_id(f"era-{year}".replace("--", "-bc-"), taken)
        eras.append(Era(id=ids[start], year=year, label=label, text=text))
        stands[ids[start]] = {node.id for node in before.nodes if typed.get(f"{start}stands-{node.id}") == YES}
    _check_count("eras", eras, MAX_ERAS, faults)
    return _Dated(sorted(eras, key=lambda era: era.year), stands, ids)


def _read_year(typed: Typed, name: str, faults: Faults) -> int:
    text = _figures(typed.get(name, ""))
    year = int(text) if re.fullmatch(r"-?[0-9]{1,5}", text) else None
    if year is None or not YEARS[0] <= year <= YEARS[1]:
        faults[name] = Invalid("compose_year", "A year is written in figures, such as 1820.")
        return 0
    return year


def _dress_node(node: Node, dated: _Dated, before: Scene) -> Node:
    """The node in the eras that were ticked; one that stands in all of them names none."""
    ticked = [era.id for era in dated.eras if node.id in dated.stands[era.id]]
    in_all = len(ticked) == len(dated.eras)
    is_same = set(ticked) == set(node.eras) or (in_all and not node.eras)
    if is_same and {era.id for era in dated.eras} == {era.id for era in before.eras}:
        return node
    return msgspec.structs.replace(node, eras=[] if in_all else ticked)


def _cite(typed: Typed, name: str, node: Node, faults: Faults) -> Node:
    """The node with what it rests on, one source a line."""
    sources = [line.strip() for line in typed.get(name, "").splitlines() if line.strip()]
    if len(sources) > MAX_SOURCES or any(len(line) > LENGTHS["compose_source_long"] for line in sources):
        faults[name] = Invalid("compose_source_long", "At most 20 sources of 300 characters each fit here.")
    return msgspec.structs.replace(node, sources=sources)


def _figures(text: str) -> str:
    """Figures in one form: Japanese keyboards also write them wide."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()


def _read_sounds(typed: Typed, before: Scene, around: Around, faults: Faults) -> list[str]:
    """The sounds that were ticked: those there were in their order, then new ones."""
    ticked = {
        name.removeprefix("sound-") for name, value in typed.items() if name.startswith("sound-") and value == YES
    }
    sounds = [name for name in before.sounds if name in ticked]
    sounds += sorted(name for name in ticked if name in around.sounds and name not in sounds)
    _check_count("sounds", sounds, MAX_SOUNDS, faults)
    return sounds


def _read_spots(typed: Typed, ground: _Ground, faults: Faults) -> list[Hotspot]:
    """The points in their order; those of a model that is taken away go with it."""
    left = {spot.id: spot for spot in ground.before.hotspots}
    removed = _removed_nodes(typed)
    spots: list[Hotspot] = []
    for start in _kept_rows(typed, "spot"):
        node = typed.get(f"{start}node", "")
        if node in removed:
            continue
        if node not in ground.nodes:
            faults[f"{start}node"] = Invalid("compose_node_missing", "Choose the model that this point belongs to.")
        was = left.pop(typed.get(f"{start}id", ""), None)
        taken = {spot.id for spot in (*ground.before.hotspots, *spots)}
        spots.append(_read_spot(typed, start, (was, taken), (ground.around, faults)))
    _check_count("spots", spots, MAX_SPOTS, faults)
    return spots


def _read_spot(
    typed: Typed, start: str, known: tuple[Hotspot | None, Set[str]], told: tuple[Around, Faults]
) -> Hotspot:
    """One point; known: as it was, and ids that are taken."""
    (was, taken), (around, faults) = known, told
    title = _read_words(typed, (f"{start}title", was.title if was else {}, "compose_label_long"), around, faults)
    text = _read_words(typed, (f"{start}text", was.text if was else {}, "compose_text_long"), around, faults)
    if not title:
        faults[f"{start}title"] = Invalid("compose_title_missing", "Give the point a title in at least one language.")
    media = typed.get(f"{start}media", "") or None
    if media is not None and not (was and media == was.media) and media not in around.pictures | around.sounds:
        faults[f"{start}media"] = Invalid(
            "compose_media_missing", "This is not in the library any more. Choose another one."
        )
    node = typed.get(f"{start}node", "")
    position = _read_position(typed, start, around.boxes.get(node), faults)
    spot_id = was.id if was else _free_id(_slug_of(title), taken)
    return Hotspot(id=spot_id, node=node, position=position, title=title, text=text, media=media)


def _read_position(typed: Typed, start: str, box: Box | None, faults: Faults) -> tuple[float, float, float]:
    """A place in the metres of the model, on it or not far before it."""
    place = []
    for axis in AXES:
        text = _figures(typed.get(f"{start}{axis}", "")).replace(",", ".")
        value = float(text) if re.fullmatch(r"-?[0-9]{1,7}(\.[0-9]{1,20})?", text) else math.nan
        if math.isnan(value):
            faults[f"{start}{axis}"] = Invalid("compose_number", "Give a number of metres, such as 1.25.")
        place.append(value)
    if box is not None and not any(map(math.isnan, place)):
        low, high = box
        room = max(LEAST_ROOM_M, *(top - foot for foot, top in zip(low, high, strict=True)))
        for axis, value, foot, top in zip(AXES, place, low, high, strict=True):
            if not foot - room <= value <= top + room:
                faults[f"{start}{axis}"] = Invalid(
                    "compose_outside", "This lies far outside the model. Check the number."
                )
    return place[0], place[1], place[2]


def _slug_of(title: Text) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.get("en", "").lower()).strip("-")
    return slug[:ID_LENGTH].strip("-") or "spot"


def _free_id(wanted: str, taken: Set[str]) -> str:
    """The id itself, or with the first number that makes it one of its own."""
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name not in taken)
