"""Figures of who comes: languages, devices and ways of looking, on site and at home."""

from collections.abc import Mapping, Sequence

from xr_server.domain.figures import Division, add, divide, rank
from xr_server.domain.languages import NAMES
from xr_server.domain.ruby import plain
from xr_server.routes.figure_panels import Frame, Panel, Row, name_atoms, offer, say_percent

PLACES = ("here", "home")
DEVICES = ("phone", "tablet", "desktop", "headset")
LOOKS = ("opened", "shown", "completed")
WAYS = ("page", "orbit", "window", "ar", "headset")


def list_audience(frame: Frame) -> list[Panel]:
    """The figures of the page of who comes."""
    tongues = {language: plain(name) for language, name in NAMES.items()}
    return [
        _places(frame),
        _both(frame, "language", tongues),
        _both(frame, "device", name_atoms(frame, "device", DEVICES)),
        _ways(frame),
    ]


def _places(frame: Frame) -> Panel:
    everybody = frame.read("all", "").get("", "all")
    divided = divide(everybody, frame.read("visits", "").of(""), PLACES)
    rows = [
        Row(frame.say(f"visits_{place}"), (frame.number(divided.cells[place]), frame.part(divided.share(place))))
        for place in PLACES
    ]
    part = divided.share("here")
    said = frame.say("places_none") if part is None else frame.say("places_sentence", share=say_percent(part))
    columns = [frame.say(key) for key in ("column_where", "column_visits", "column_share_all")]
    return Panel("places", [said], columns, rows, "bars", offer(divided.cells.values(), frame.window))


def _ways(frame: Frame) -> Panel:
    """How experiences were looked at on site: by hand or in the camera's picture, each visit once for each experience."""
    looked, camera, used = (frame.read(figure) for figure in ("looked", "camera", "way"))
    ids = {part.removeprefix("here/") for part in looked.parts if part.startswith("here/")} | {*used.parts}
    by_hand = [divide(camera.get(one, "without"), looked.of(f"here/{one}"), LOOKS).cells for one in sorted(ids)]
    through = [divide(camera.get(one, "camera"), used.of(one), WAYS[2:]).cells for one in sorted(ids)]
    cells = {
        "page": add(looks["opened"] for looks in by_hand),
        "orbit": add(looks[look] for looks in by_hand for look in LOOKS[1:]),
        **{way: add(ways[way] for ways in through) for way in WAYS[2:]},
    }
    words, whole = name_atoms(frame, "way", WAYS), add(cells.values())
    order = [way for way in rank(cells) if cells[way].visits]
    rows = [
        Row(words[way], (frame.number(cells[way]), frame.part_of(cells[way], whole)), first=way == order[0])
        for way in order
    ]
    said = frame.say("way_none")
    if rows:
        said = frame.say("way_sentence", most=rows[0].head, share=rows[0].cells[1].text)
    columns = [frame.say(key) for key in ("column_way", "column_visits", "column_share_looked")]
    return Panel("way", [said], columns, rows, "bars", offer(cells.values(), frame.window))


def _both(frame: Frame, figure: str, words: Mapping[str, str]) -> Panel:
    """One row an atom, the most frequent on site first; visits on site and at home beside each other."""
    visits, cells = frame.read("visits", ""), frame.read(figure)
    divided = [divide(visits.get("", place), cells.of(place), words) for place in PLACES]
    order = [atom for atom in rank(divided[0].cells) if any(one.cells[atom].visits for one in divided)]
    told = [atom for atom in order if divided[0].cells[atom].visits]
    rows = [_row(frame, words.get(atom, atom), atom, divided, told[:1]) for atom in order]
    keys = ("column_here", "column_share_here", "column_home", "column_share_home")
    columns = [frame.say(f"column_{figure}"), *(frame.say(key) for key in keys)]
    said = frame.say(f"{figure}_none")
    if told:
        said = frame.say(f"{figure}_sentence", most=words.get(told[0], told[0]), share=_say_share(divided[0], told[0]))
        if len(told) > 1:
            second = words.get(told[1], told[1])
            said += frame.say(f"{figure}_second", second=second, share=_say_share(divided[0], told[1]))
    return Panel(figure, [said], columns, rows, "pairs", offer(cells.cells.values(), frame.window))


def _row(frame: Frame, name: str, atom: str, divided: Sequence[Division], first: Sequence[str]) -> Row:
    cells = [cell for one in divided for cell in (frame.number(one.cells[atom]), frame.part(one.share(atom)))]
    return Row(name, tuple(cells), first=atom in first)


def _say_share(divided: Division, atom: str) -> str:
    part = divided.share(atom)
    return "–" if part is None else say_percent(part)
