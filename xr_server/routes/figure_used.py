"""Which points of interest, times and sounds of a scene were opened, and where pictures were taken."""

from collections.abc import Mapping

from xr_server.domain.catalog import Scene
from xr_server.domain.figures import divide
from xr_server.domain.media import Media
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.parts import parts_of
from xr_server.routes.figure_panels import Frame, Panel, Row, offer
from xr_server.storage.catalog import list_records

SHOWN_AT_MOST = 30


def list_used(frame: Frame) -> Panel:
    """One row a thing, the most used first; a visit counts once for each of them."""
    everybody, used = frame.read("all", "").get("", "all"), frame.read("used")
    names = _name_things(frame)
    told = [(part, divide(everybody, used.of(part), ("used",)).cells["used"]) for part in used.parts]
    told = sorted((one for one in told if one[1].visits), key=lambda one: (-(one[1].visits or 0), one[0]))
    rows = [
        Row(
            names.get(part, part.partition(":")[2]),
            (frame.number(shown), frame.part_of(shown, everybody)),
            first=number == 0,
        )
        for number, (part, shown) in enumerate(told[:SHOWN_AT_MOST])
    ]
    said = frame.say("used_none")
    if rows:
        said = frame.say("used_sentence", thing=rows[0].head, count=rows[0].cells[0].text)
    columns = [frame.say(key) for key in ("column_thing", "column_visits", "column_share_all")]
    return Panel("used", [said], columns, rows, "bars", offer(used.cells.values(), frame.window))


def _name_things(frame: Frame) -> dict[str, str]:
    """What staff call each part of the figure."""
    catalog, site_id = parts_of(frame.request).catalog, frame.session.site_id
    sounds = {
        stored.body.id: _words(stored.body.title, frame, stored.body.id)
        for stored in list_records(catalog, site_id, "media")
        if isinstance(stored.body, Media)
    }
    names: dict[str, str] = {}
    for stored in list_records(catalog, site_id, "scene"):
        scene = stored.body
        if not isinstance(scene, Scene):
            continue
        things = {f"hotspot:{scene.id}/{spot.id}": _words(spot.title, frame, spot.id) for spot in scene.hotspots}
        things |= {f"era:{scene.id}/{era.id}": _words(era.label, frame, era.id) for era in scene.eras}
        things |= {f"sound:{scene.id}/{sound}": sounds.get(sound, sound) for sound in scene.sounds}
        things[f"photo:{scene.id}"] = scene.id
        for part, name in things.items():
            names[part] = frame.say(f"used_{part.partition(':')[0]}", name=name)
    return names


def _words(text: Mapping[str, str], frame: Frame, name: str) -> str:
    return plain(pick(dict(text), frame.language)) or name
