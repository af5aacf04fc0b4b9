"""Figures of what is shown on the spot: how far visitors came, what stood in the way, and by experience.

How far somebody came is told of each experience (domain/families.py says why), so a sum over several counts a visit once
for each of them.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from xr_server.domain.days import Window
from xr_server.domain.figures import Released, Shown, add, divide, share
from xr_server.routes.figure_names import name_experiences, place_experiences
from xr_server.routes.figure_panels import Frame, Panel, Row, name_atoms, offer, say_percent
from xr_server.routes.figure_used import list_used

STEPS = ("triggered", "ar", "placed", "completed")
Steps = Mapping[str, Shown]
"""How many came at least as far as each step."""


def list_ar(frame: Frame) -> list[Panel]:
    """The figures of the page of what is shown on the spot."""
    return [_funnel(frame), _drops(frame), _by_experience(frame), list_used(frame), _refused(frame)]


def read_steps(frame: Frame, window: Window | None = None) -> dict[str, Steps]:
    """How far visits on site came with each experience that anybody opened."""
    opened, camera, funnel = (frame.read(figure, None, window) for figure in ("opened", "camera", "funnel"))
    found: dict[str, Steps] = {}
    for one in [part.removeprefix("here/") for part in opened.parts if part.startswith("here/")]:
        begun = camera.get(one, "camera")
        stopped = divide(begun, funnel.of(one), STEPS[1:]).cells  # nobody stopped where the others make up the whole
        found[one] = {
            "triggered": opened.get(f"here/{one}", "opened"),
            "ar": begun,
            "placed": add((stopped["placed"], stopped["completed"])),
            "completed": stopped["completed"],
        }
    return found


def add_steps(steps: Iterable[Steps]) -> Steps:
    """Steps of several experiences together."""
    each = list(steps)
    return {step: add(one[step] for one in each) for step in STEPS}


def _funnel(frame: Frame) -> Panel:
    """From coming to the landmark of an experience to seeing that whole."""
    steps, places, seen = read_steps(frame), place_experiences(frame), frame.read("landmark")
    came = add(seen.get(place, "seen") for place in places.values())
    reached = {"came": came, **add_steps(steps.values())}
    names = name_atoms(frame, "step", reached)
    rows, before = [], came
    for step, shown in reached.items():
        rows.append(Row(names[step], (frame.number(shown), frame.part_of(shown, came), frame.part_of(shown, before))))
        before = shown
    columns = [frame.say(key) for key in ("column_step", "column_visits", "column_share_came", "column_of_before")]
    return Panel("funnel", _say_funnel(frame, reached), columns, rows, "bars", offer(reached.values(), frame.window))


def _say_funnel(frame: Frame, reached: Steps) -> list[str]:
    begun = share(reached["ar"], reached["triggered"])
    if begun is None:
        return [frame.say("funnel_none")]
    said = [frame.say("funnel_sentence", share=say_percent(begun))]
    finished = share(reached["completed"], reached["ar"])
    if finished is not None:
        said.append(frame.say("funnel_completed", share=say_percent(finished)))
    losses = {
        step: (reached[before].visits or 0) - (reached[step].visits or 0)
        for before, step in pairwise(STEPS)
        if reached[step].visits is not None
    }
    if losses and max(losses.values()) > 0:
        worst = max(losses, key=lambda step: losses[step])
        said.append(frame.say(f"funnel_lost_{worst}"))
    return said


def _drops(frame: Frame) -> Panel:
    """Why it went no further at each step, with any experience: the last of the reasons that a visit met there."""
    drops, camera, funnel = (frame.read(figure) for figure in ("drop", "camera", "funnel"))
    rows = []
    most: tuple[str, int] = ("", 0)
    for step in STEPS[:-1]:
        cells = _add_reasons(drops, step)
        stopped = add(camera.get(one, "without") for one in camera.parts)
        if step != "triggered":
            stopped = add(funnel.get(one, step) for one in funnel.parts)
        words = name_atoms(frame, "reason", cells)
        for reason, shown in sorted(cells.items(), key=lambda cell: -(cell[1].visits or 0)):
            head = frame.say("reason_at", step=frame.say(f"stopped_{step}"), reason=words[reason])
            rows.append(Row(head, (frame.number(shown), frame.part_of(shown, stopped))))
            most = max(most, (words[reason], shown.visits or 0), key=lambda one: one[1])
    said = frame.say("drops_sentence", reason=most[0], count=f"{most[1]:,}") if most[1] else frame.say("drops_none")
    columns = [frame.say(key) for key in ("column_reason", "column_visits", "column_of_stopped")]
    rows = [Row(row.head, row.cells, at == _largest(rows)) for at, row in enumerate(rows)]
    return Panel("drops", [said], columns, rows, "bars", offer(drops.cells.values(), frame.window))


def _add_reasons(drops: Released, step: str) -> dict[str, Shown]:
    """The reasons at a step, of all experiences."""
    parts = [part for part in drops.parts if part.rpartition("/")[2] == step]
    reasons = {reason for part in parts for reason in drops.of(part)}
    return {reason: add(cells[reason] for part in parts if reason in (cells := drops.of(part))) for reason in reasons}


def _largest(rows: list[Row]) -> int:
    return max(range(len(rows)), key=lambda at: rows[at].cells[0].value or 0, default=-1)


def _by_experience(frame: Frame) -> Panel:
    reached, names = read_steps(frame), name_experiences(frame)
    ids = sorted(reached, key=lambda one: (-(reached[one]["triggered"].visits or 0), one))
    rows = [
        Row(
            names.get(one, one),
            (
                *(frame.number(reached[one][step]) for step in STEPS),
                frame.part_of(reached[one]["completed"], reached[one]["ar"]),
            ),
            first=at == 0 and bool(reached[one]["triggered"].visits),
        )
        for at, one in enumerate(ids)
    ]
    said = frame.say("experiences_none")
    if rows and rows[0].first:
        said = frame.say("experiences_sentence", experience=rows[0].head, count=rows[0].cells[0].text)
    columns = [
        frame.say("column_experience"),
        *(frame.say(f"step_{step}") for step in STEPS),
        frame.say("column_finished"),
    ]
    every = [shown for steps in reached.values() for shown in steps.values()]
    return Panel("experiences", [said], columns, rows, "bars", offer(every, frame.window))


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
