"""The menu of creators and staff: their pages in groups, those of the group one is in, and what waits on each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xr_server.domain.account import Session, Step, may

SHORTCUTS = 9  # Alt and a digit
FEW = 3  # so few stand in the bar on a phone too


@dataclass(frozen=True)
class Page:
    """A page that the menu names: its address, the text it is called by, who sees it, and what else lies below it."""

    href: str
    key: str
    step: Step
    below: tuple[str, ...] = ()
    unless: Step | None = None  # who may take this step has another way there
    if_counted: bool = False  # only where it is counted what waits there


# A group grows by a line here; each page stands in one group, and a group that nobody may see anything of is not shown.
GROUPS: tuple[tuple[str, tuple[Page, ...]], ...] = (
    (
        "auth.menu_studio",
        (
            Page("/studio/", "auth.nav_scans", "upload", ("/studio/scans", "/studio/upload", "/studio/scenes")),
            Page("/studio/media", "auth.nav_media", "upload"),
            Page("/studio/library", "auth.nav_library", "attach"),
            Page("/studio/portfolio", "auth.nav_work", "show_work"),
            Page("/studio/permissions", "auth.nav_permissions", "ask_permission", unless="give_permission"),
        ),
    ),
    (
        "auth.menu_desk",
        (
            Page("/desk/", "auth.nav_review", "review", ("/desk/records", "/desk/packages")),
            Page("/desk/approvals", "auth.nav_approvals", "publish", if_counted=True),
            Page("/desk/notices", "auth.nav_notices", "review"),
            Page("/desk/places", "auth.nav_places", "review"),
            Page("/desk/texts", "auth.nav_texts", "review"),
            Page("/desk/assist", "auth.nav_assist", "schedule"),
            Page("/desk/memories", "auth.nav_memories", "publish"),
            Page("/desk/classes", "auth.nav_classes", "teach"),
            Page("/desk/permissions", "auth.nav_permissions", "give_permission", ("/studio/permissions",)),
            Page("/desk/figures", "auth.nav_figures", "read_figures"),
            Page("/desk/open-data", "auth.nav_open_data", "read_figures"),
            Page("/desk/log", "auth.nav_log", "read_log"),
            Page("/desk/privacy", "auth.nav_privacy", "read_log"),
        ),
    ),
    (
        "auth.menu_programme",
        (
            Page("/desk/calendar", "auth.nav_calendar", "schedule", ("/desk/moment",)),
            Page("/desk/dates", "auth.nav_dates", "schedule", ("/desk/seasons",)),
            Page("/desk/rallies", "auth.nav_rallies", "review"),
            Page("/desk/campaigns", "auth.nav_campaigns", "review"),
            Page("/desk/questionnaires", "auth.nav_questionnaires", "read_figures"),
            Page("/desk/exchange", "auth.nav_exchange", "schedule"),
            Page("/desk/surveys", "auth.nav_surveys", "schedule"),
            Page("/desk/kiosk", "auth.nav_kiosk", "publish"),
        ),
    ),
    (
        "auth.menu_administration",
        (
            Page("/desk/people", "auth.nav_people", "manage_people"),
            Page("/desk/site", "auth.nav_site", "manage_people"),
            Page("/desk/partners", "auth.nav_partners", "manage_people"),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """A line of the menu: where it leads, its text, whether one is there, how much waits, and the digit of its shortcut."""

    href: str
    key: str
    is_here: bool
    waits: int
    shortcut: int | None


@dataclass(frozen=True)
class Group:
    """Pages that belong together, and whether one is in one of them."""

    key: str
    entries: tuple[Entry, ...]

    @property
    def is_here(self) -> bool:
        """Whether one of its pages is the one that is shown."""
        return any(entry.is_here for entry in self.entries)


@dataclass(frozen=True)
class Menu:
    """What somebody may go to, in groups; here: the entries that stand in the bar itself."""

    groups: tuple[Group, ...]
    here: tuple[Entry, ...]
    waits: int

    @property
    def is_short(self) -> bool:
        """Whether all of it has room in the bar, on a phone too."""
        return sum(len(group.entries) for group in self.groups) <= FEW


def make_menu(session: Session, path: str, home: str, waiting: Mapping[str, int]) -> Menu:
    """The menu on a page; outside all groups, as in the inbox, the bar shows the group of one's own first page."""
    groups = []
    for key, pages in GROUPS:
        seen = [one for one in pages if _is_seen(one, session, waiting)]
        if seen:
            entries = (Entry(it.href, it.key, _holds(it, path), waiting.get(it.href, 0), None) for it in seen)
            groups.append(Group(key, tuple(entries)))
    groups = _with_shortcuts(groups, home)
    at_home = next((it for it in groups if any(entry.href == home for entry in it.entries)), None)
    shown = next((it for it in groups if it.is_here), at_home)
    return Menu(tuple(groups), shown.entries if shown else (), sum(waiting.values()))


def _is_seen(page: Page, session: Session, waiting: Mapping[str, int]) -> bool:
    has_another = page.unless is not None and may(session, page.unless)
    return may(session, page.step) and not has_another and (not page.if_counted or page.href in waiting)


def _with_shortcuts(groups: list[Group], home: str) -> list[Group]:
    """Alt and a digit for the first nine pages, counted from the group of one's own first page on."""
    first = next((at for at, it in enumerate(groups) if any(entry.href == home for entry in it.entries)), 0)
    in_turn = [entry.href for it in groups[first:] + groups[:first] for entry in it.entries]
    digits = {href: number for number, href in enumerate(in_turn[:SHORTCUTS], 1)}
    return [
        replace(it, entries=tuple(replace(entry, shortcut=digits.get(entry.href)) for entry in it.entries))
        for it in groups
    ]


def _holds(page: Page, path: str) -> bool:
    """Whether a path is the page, or lies below it; what begins at / of an area has no pages below but those named."""
    starts = page.below if page.href.endswith("/") else (page.href, *page.below)
    return path == page.href or any(path == start or path.startswith(f"{start}/") for start in starts)
