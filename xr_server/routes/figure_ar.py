"""Figures of what is shown on the spot: how far visitors came, what stood in the way, and by experience."""

from collections.abc import Mapping
from itertools import pairwise

from xr_server.domain.figures import Released, Shown, cumulate, share
from xr_server.routes.figure_names import name_experiences
from xr_server.routes.figure_panels import Frame, Panel, Row, name_atoms, offer, say_percent

STEPS = ("triggered", "ar", "placed", "completed")
ANY = ""
"""In place of an experience: the furthest that a visit came with any."""


def list_ar(frame: Frame) -> list[Panel]:
    """The figures of the page of what is shown on the spot."""
    here = frame.read("visits", "").get("", "here")
    funnel, drops = frame.read("funnel"), frame.read("drop")
    names = name_experiences(frame)
    return [
        _funnel(frame, here, funnel),
        _drops(frame, drops, funnel),
        _by_experience(frame, funnel, names),
        _refused(frame),
    ]


def _funnel(frame: Frame, here: Shown, funnel: Released) -> Panel:
    reached = {"here": here, **cumulate(funnel.of(ANY), STEPS)}
    names = name_atoms(frame, "step", reached)
    rows, before = [], here
    for step, shown in reached.items():
        rows.append(Row(names[step], (frame.number(shown), frame.part_of(shown, here), frame.part_of(shown, before))))
        before = shown
    columns = [frame.say(key) for key in ("column_step", "column_visits", "column_share_here", "column_of_before")]
    cells = [here, *funnel.of(ANY).values()]
    return Panel("funnel", _say_funnel(frame, reached), columns, rows, "bars", offer(cells, frame.window))


def _say_funnel(frame: Frame, reached: Mapping[str, Shown]) -> list[str]:
    begun, done = (share(reached[step], reached["here"]) for step in ("ar", "completed"))
    if begun is None:
        return [frame.say("funnel_none")]
    said = [frame.say("funnel_sentence", share=say_percent(begun))]
    finished = share(reached["completed"], reached["ar"])
    if done is not None and finished is not None:
        said.append(frame.say("funnel_completed", share=say_percent(finished)))
    steps = list(reached)
    losses = {
        step: (reached[before].visits or 0) - (reached[step].visits or 0)
        for before, step in pairwise(steps[1:])
        if reached[step].visits is not None
    }
    if losses and max(losses.values()) > 0:
        worst = max(losses, key=lambda step: losses[step])
        said.append(frame.say(f"funnel_lost_{worst}"))
    return said


def _drops(frame: Frame, drops: Released, funnel: Released) -> Panel:
    """Why it went no further at each step, of any experience: the last of the reasons that a visit met there."""
    rows = []
    most: tuple[str, int] = ("", 0)
    for step in STEPS[:-1]:
        cells = drops.of(f"{ANY}/{step}")
        stopped = funnel.get(ANY, step)
        words = name_atoms(frame, "reason", cells)
        for reason, shown in sorted(cells.items(), key=lambda cell: -(cell[1].visits or 0)):
            head = frame.say("reason_at", step=frame.say(f"step_{step}"), reason=words[reason])
            rows.append(Row(head, (frame.number(shown), frame.part_of(shown, stopped))))
            most = max(most, (words[reason], shown.visits or 0), key=lambda one: one[1])
    said = frame.say("drops_sentence", reason=most[0], count=f"{most[1]:,}") if most[1] else frame.say("drops_none")
    columns = [frame.say(key) for key in ("column_reason", "column_visits", "column_of_stopped")]
    rows = [Row(row.head, row.cells, at == _largest(rows)) for at, row in enumerate(rows)]
    return Panel("drops", [said], columns, rows, "bars", offer(drops.cells.values(), frame.window))


def _largest(rows: list[Row]) -> int:
    return max(range(len(rows)), key=lambda at: rows[at].cells[0].value or 0, default=-1)


def _by_experience(frame: Frame, funnel: Released, names: Mapping[str, str]) -> Panel:
    ids = [part for part in {**names, **dict.fromkeys(funnel.parts)} if part != ANY]
    reached = {part: cumulate(funnel.of(part), STEPS) for part in ids}
    ids.sort(key=lambda part: -(reached[part]["triggered"].visits or 0))
    rows = [
        Row(
            names.get(part, part),
            (
                *(frame.number(reached[part][step]) for step in STEPS),
                frame.part_of(reached[part]["completed"], reached[part]["triggered"]),
            ),
            first=at == 0 and bool(reached[part]["triggered"].visits),
        )
        for at, part in enumerate(ids)
    ]
    said = frame.say("experiences_none")
    if rows and rows[0].first:
        said = frame.say("experiences_sentence", experience=rows[0].head, count=rows[0].cells[0].text)
    columns = [
        frame.say("column_experience"),
        *(frame.say(f"step_{step}") for step in STEPS),
        frame.say("column_finished"),
    ]
    return Panel("experiences", [said], columns, rows, "bars", offer(funnel.cells.values(), frame.window))


def _refused(frame: Frame) -> Panel:
    everybody = frame.read("all", "").get("", "all")
    cells = frame.read("refused", "").of("")
    words = name_atoms(frame, "permission", ("location", "camera", "motion"))
    rows = [
        Row(name, (frame.number(cells[atom]), frame.part_of(cells[atom], everybody)))
        for atom, name in words.items()
        if atom in cells
    ]
    said = frame.say("refused_none")
    if rows:
        rows = [Row(row.head, row.cells, at == _largest(rows)) for at, row in enumerate(rows)]
        first = rows[_largest(rows)]
        said = frame.say("refused_sentence", permission=first.head, share=first.cells[1].text)
    columns = [frame.say(key) for key in ("column_permission", "column_visits", "column_share_all")]
    return Panel("refused", [said], columns, rows, "bars", offer(cells.values(), frame.window))
