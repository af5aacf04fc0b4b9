"""What a figure looks like on a page: a sentence, a table, a chart of it, and what is said of hidden cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request

from xr_server.domain.account import Session
from xr_server.domain.days import Window
from xr_server.domain.figures import Released, Shown, join_windows, share
from xr_server.domain.period import LONGEST_DAYS, Compared, count_days
from xr_server.domain.spread import Estimate
from xr_server.parts import parts_of
from xr_server.routes.live import Place
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import say_date
from xr_server.storage.figures import load_released

FEW_DAYS = 92  # of so many the figures are read each time; those of longer are held until another day is final
MOST_HELD = 500
NARROW = "\u00a0"  # a number and its sign stay on one line


@dataclass(frozen=True)
class Cell:
    """A cell of a table in words, with the number that a chart draws; few: it is hidden; more: the true one may be larger."""

    text: str
    value: float | None = None
    few: bool = False
    more: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table; first: what the sentence speaks of. days: what a time axis needs; href: where it leads."""

    head: str
    cells: tuple[Cell, ...]
    first: bool = False
    days: Window | None = None
    href: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panel:
    """A figure. Its title, definition and caveat are the texts figures.ID_title, ID_definition, ID_caveat.

    chart: how the table is drawn (charts/plots.ts), empty: it is not; drawn: which column of numbers, from 0. offered:
    days that would tell more. bands: what a time axis is marked with.
    """

    id: str
    sentences: Sequence[str]
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    chart: str = ""
    offered: Window | None = None
    bands: Sequence[tuple[str, Window]] = ()
    drawn: int = 0

    @property
    def few(self) -> int:
        """How many cells are hidden."""
        return sum(cell.few for row in self.rows for cell in row.cells)

    @property
    def leads_on(self) -> bool:
        """Whether the days that would tell more can be asked for at once."""
        return self.offered is not None and count_days(self.offered) <= LONGEST_DAYS


HeldKey = tuple[str, date, str, str | None, Window]
"""A site, its newest final day, a figure, one of its parts or all, and the days."""


def held_figures(request: Request) -> dict[HeldKey, Released]:
    """The server's own figures of long windows: blocks are never changed, and new ones come when a day becomes final."""
    state = request.app.state
    if not hasattr(state, "held_figures"):
        state.held_figures = {}
    held: dict[HeldKey, Released] = state.held_figures
    return held


@dataclass(frozen=True)
class Frame:
    """Where, when and of which days figures are asked. newest_on: the last day that is told of."""

    request: Request
    session: Session
    place: Place
    compared: Compared
    newest_on: date

    @property
    def window(self) -> Window:
        """The days asked for."""
        return self.compared.window

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.place.language

    def say(self, key: str, **values: object) -> str:
        """A text of the area of figures."""
        return fill(load_texts(self.language)[f"figures.{key}"], self.language, **values)

    def read(self, figure: str, part: str | None = None, window: Window | None = None) -> Released:
        """What is shown of a figure in the days asked for, or in others."""
        site_id, asked = self.session.site_id, window or self.window
        if count_days(asked) <= FEW_DAYS:
            return load_released(parts_of(self.request).events, site_id, figure, asked, part)
        held, key = held_figures(self.request), (site_id, self.newest_on, figure, part, asked)
        found = held.get(key)  # once: another request may clear them at any moment
        if found is None:
            if len(held) >= MOST_HELD:
                held.clear()
            found = held[key] = load_released(parts_of(self.request).events, site_id, figure, asked, part)
        return found

    def say_day(self, day: date) -> str:
        """A day in words; its year where the days asked for lie in several."""
        return say_date(day, self.language, with_year=self.window.from_on.year != self.newest_on.year)

    def say_window(self, window: Window) -> str:
        """Days in words, first to last."""
        first, last = (say_date(day, self.language) for day in (window.from_on, window.until_on))
        return first if first == last else f"{first} – {last}"

    def number(self, shown: Shown) -> Cell:
        """A number of visits as a cell."""
        if shown.visits is None:
            return Cell(self.say("few"), None, few=True)
        text = f"{shown.visits:,}"
        return Cell(self.say("at_least", number=text) if shown.more else text, shown.visits, more=shown.more)

    def part(self, part: float | None) -> Cell:
        """A share as a cell; what cannot be told is a dash."""
        return Cell("–") if part is None else Cell(say_percent(part), round(100 * part, 1))

    def part_of(self, some: Shown, whole: Shown) -> Cell:
        """Which share some visits are of others, as a cell."""
        return self.part(share(some, whole))

    def change(self, change: float | None) -> Cell:
        """By how much a number grew, as a cell."""
        return Cell("–") if change is None else Cell(say_change(change), round(100 * change, 1))

    def between(self, estimate: Estimate, say: Callable[[float], str]) -> str:
        """An estimate in words, with its bounds where hidden cells leave it open."""
        low, value, high = say(estimate.low), say(estimate.value), say(estimate.high)
        return value if low == high else self.say("between", value=value, low=low, high=high)

    def stay(self, stay_s: float) -> str:
        """How long somebody stayed, in words."""
        if stay_s < 90:
            return self.say("seconds", count=max(1, round(stay_s)))
        minutes = stay_s / 60
        return self.say("minutes", count=f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}")


def say_percent(part: float) -> str:
    """A share in whole percent; a small one is not nothing."""
    return f"<{NARROW}1{NARROW}%" if 0 < part < 0.005 else f"{100 * part:.0f}{NARROW}%"


def say_change(change: float) -> str:
    """A change in percent with its sign: +12 %, −3 %, ±0 %."""
    percent = round(100 * change)
    return f"±0{NARROW}%" if percent == 0 else f"{'+' if percent > 0 else '−'}{abs(percent):,}{NARROW}%"


def query_of(window: Window) -> str:
    """The days as a query of an address."""
    return urlencode({"from": window.from_on.isoformat(), "until": window.until_on.isoformat()})


def offer(cells: Iterable[Shown], window: Window) -> Window | None:
    """The days that would take in every block that reaches out of a window; None where none does."""
    wider = join_windows(cell.offered for cell in cells)
    return None if wider is None or wider == window else wider


def name_atoms(frame: Frame, prefix: str, atoms: Iterable[str]) -> dict[str, str]:
    """The words for atoms of a closed list; those that are not in it are called by their own name."""
    texts: Mapping[str, str] = load_texts(frame.language)
    return {atom: texts.get(f"figures.{prefix}_{atom}", atom) for atom in atoms}
