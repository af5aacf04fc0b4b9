"""Months released to everyone: counted, given noise, and written down once together with what that has spent.

A release is one transaction: its files, its row and the year's budget, all of them or none. Noise is drawn before it and
seen by nobody unless it is kept; so whatever breaks off, either nothing was spent or the frozen release is there.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.catalog import Change, Name
from xr_server.domain.open_figures import (
    MEASURES,
    MOST_LANDMARKS,
    Counts,
    Measure,
    MeasureName,
    OpenVisit,
    count_cells,
    month_epsilon_thousandths,
    read_month,
    say_size,
)
from xr_server.domain.open_files import About, OpenFile, write_files
from xr_server.domain.open_month import Month, open_visit
from xr_server.domain.open_release import tell
from xr_server.domain.open_tables import TABLES, make_tables
from xr_server.domain.visit_facts import VisitFacts, last_final_day, local_day
from xr_server.errors import Conflict, NotFound
from xr_server.storage.audit import Wanted, list_entries, note
from xr_server.storage.database import insert_into, may_be_there
from xr_server.storage.privacy import add_noise, check_installed, name_mechanism
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import summed_day, summing, visit
from xr_server.storage.tables.open_data import open_budget, open_file, open_release

AddNoise = Callable[[Sequence[int], Measure], list[int]]
OLDEST_DAYS = 390
"""Visits are kept for 13 months; of an older month some may be gone."""
_FACTS = msgspec.json.Decoder(VisitFacts)


@dataclass(frozen=True)
class Release:
    """One line of the ledger; epsilon in thousandths, released_at in ms UTC, hidden: rows whose number is hidden."""

    month: str
    released_at: int
    account_id: str | None
    epsilon_thousandths: int
    most_landmarks: int
    mechanism: str
    tables: int
    rows: int
    hidden: int
    digest: str


@dataclass(frozen=True)
class Listed:
    """A file of a release: its name, media type, SHA-256 and size."""

    name: str
    media_type: str
    digest: str
    size_bytes: int


@dataclass(frozen=True)
class Stores:
    """Both stores: the ledger lies in that of events, the log of who did what in the catalog."""

    catalog: Engine
    events: Engine


@dataclass(frozen=True)
class Budget:
    """How much the months of a calendar year may spend together, and have spent, in thousandths of epsilon."""

    year: int
    allowed: int
    spent: int

    @property
    def left(self) -> int:
        """What is left."""
        return max(0, self.allowed - self.spent)


def list_releases(events: Engine, site_id: str) -> list[Release]:
    """The ledger of a site, the newest month first."""
    columns = [open_release.c[one.name] for one in fields(Release)]
    query = select(*columns).where(open_release.c.site_id == site_id).order_by(open_release.c.month.desc())
    with events.connect() as connection:
        return [Release(*row) for row in connection.execute(query)]


def find_release(events: Engine, site_id: str, month: str) -> Release | None:
    """The release of a month; None while it was not released."""
    return next((one for one in list_releases(events, site_id) if one.month == month), None)


def list_files(events: Engine, site_id: str) -> dict[str, list[Listed]]:
    """The files of each month that was released, by name."""
    file = open_file.c
    query = select(file.month, file.name, file.media_type, file.digest, func.length(file.body))
    found: dict[str, list[Listed]] = {}
    with events.connect() as connection:
        for month, *facts in connection.execute(query.where(file.site_id == site_id).order_by(file.month, file.name)):
            found.setdefault(month, []).append(Listed(*facts))
    return found


def load_file(events: Engine, site_id: str, month: str, name: str) -> tuple[OpenFile, str]:
    """A file as it was released, and its SHA-256. Raises NotFound."""
    file = open_file.c
    these = (file.site_id == site_id, file.month == month, file.name == name)
    row = None
    if all(may_be_there(part) for part in (site_id, month, name)):
        with events.connect() as connection:
            row = connection.execute(select(file.name, file.media_type, file.body, file.digest).where(*these)).first()
    if row is None:
        raise NotFound("open_file_unknown", "There is no such file. /open-data/ lists every month that was released.")
    return OpenFile(row.name, row.media_type, bytes(row.body)), row.digest


def load_budget(events: Engine, site_id: str, year: int, allowed: int) -> Budget:
    """How a year's budget stands."""
    query = select(open_budget.c.spent_thousandths).where(open_budget.c.site_id == site_id, open_budget.c.year == year)
    with events.connect() as connection:
        return Budget(year, allowed, connection.scalar(query) or 0)


def list_months(events: Engine, site_id: str, zone: ZoneInfo, now: int) -> list[str]:
    """The months with visits that could be released at a moment in ms UTC, the newest first; released ones are left out."""
    first = select(func.min(summed_day.c.day_on)).where(summed_day.c.site_id == site_id, summed_day.c.visits > 0)
    with events.connect() as connection:
        begins_on = connection.scalar(first)
    if begins_on is None:
        return []
    oldest = max(date.fromisoformat(begins_on), local_day(now, zone) - timedelta(days=OLDEST_DAYS))
    done = {one.month for one in list_releases(events, site_id)}
    last_on = last_final_day(now, zone)
    months, month = [], oldest.replace(day=1)
    while _last_of(month) <= last_on:
        if month >= local_day(now, zone) - timedelta(days=OLDEST_DAYS):
            months.append(f"{month:%Y-%m}")
        month = _last_of(month) + timedelta(days=1)
    return [one for one in reversed(months) if one not in done]


def _last_of(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def check_month(events: Engine, month: Month, now: int) -> None:
    """Refuse a month some visit of which may still come or be gone, at a moment in ms UTC. Raises Conflict."""
    first, zone = read_month(month.universe.month), ZoneInfo(month.time_zone)
    last = _last_of(first)
    if last > last_final_day(now, zone) or not _is_summed(events, month.site_id, (first, last), zone):
        raise Conflict(
            "month_not_final",
            "This month is not complete yet: events are taken until two days after its end. Nothing was released or "
            "spent; come back then.",
        )
    if first < local_day(now, zone) - timedelta(days=OLDEST_DAYS):
        raise Conflict("month_too_old", "Visits of this month are no longer kept, so it cannot be released any more.")


def _is_summed(events: Engine, site_id: str, days: tuple[date, date], zone: ZoneInfo) -> bool:
    """Whether every event of these days is in its visit, and every day with visits is final."""
    first, last = days
    start = datetime.combine(first, datetime.min.time(), zone).timestamp() * 1000
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone).timestamp() * 1000
    event = engagement_event.c
    with events.connect() as connection:
        until = connection.scalar(select(summing.c.received_until).where(summing.c.site_id == site_id))
        of_days = (event.site_id == site_id, event.occurred_at >= round(start), event.occurred_at < round(end))
        waits = select(event.id).where(*of_days, event.received_at > (until or 0), event.visit_key.is_not(None))
        within = summed_day.c.day_on.between(first.isoformat(), last.isoformat())
        rows = select(summed_day.c.final).where(summed_day.c.site_id == site_id, within)
        closed = list(connection.scalars(rows))
        return bool(closed) and all(closed) and connection.execute(waits.limit(1)).first() is None


def load_visits(events: Engine, month: Month) -> Iterator[OpenVisit]:
    """The visits of a month, without those that are kept out of figures."""
    first = read_month(month.universe.month)
    within = visit.c.day_on.between(first.isoformat(), _last_of(first).isoformat())
    query = select(visit.c.visit_key, visit.c.day_on, visit.c.facts).where(visit.c.site_id == month.site_id, within)
    with events.connect() as connection:
        for key, day_on, facts in connection.execution_options(yield_per=2000).execute(query):
            found = open_visit(bytes(key), day_on, _FACTS.decode(facts))
            if found is not None:
                yield found


def preview(events: Engine, month: Month) -> dict[MeasureName, tuple[int, int]]:
    """For each table how many cells it has, and how many would likely be hidden, to the nearest ten; no noise is drawn."""
    return say_size(count_cells(load_visits(events, month), month.universe))


def release_month(stores: Stores, month: Month, change: Change, allowed: int, draw: AddNoise = add_noise) -> Release:
    """Release a month for good; allowed: the year's budget in thousandths of epsilon. Raises Conflict, Unavailable.

    A month is released once: its bytes are kept as they are, and asking again never draws anew.
    """
    check_installed()
    check_month(stores.events, month, change.at)
    _check_new(stores, month)
    counts = count_cells(load_visits(stores.events, month), month.universe)
    release, files = _make_release(month, _with_noise(counts, draw), change)
    try:
        with stores.events.begin() as connection:
            _spend(connection, month, allowed)
            values = {one.name: getattr(release, one.name) for one in fields(Release)}
            connection.execute(insert(open_release).values(site_id=month.site_id, **values))
            connection.execute(insert(open_file), [_file_row(month, one) for one in files])
    except IntegrityError as error:  # somebody else was quicker; this draw is seen by nobody
        raise _released() from error
    _note(stores.catalog, month, release)
    return release


def _released() -> Conflict:
    return Conflict(
        "month_released",
        "This month was released before. A release is final: with a second one, visitors could be told apart. Nothing was "
        "changed or spent.",
    )


def _check_new(stores: Stores, month: Month) -> None:
    """Refuse a month that was released, by the ledger or, where an older store was put back, by the log. Raises Conflict."""
    before = find_release(stores.events, month.site_id, month.universe.month)
    noted = list_entries(stores.catalog, month.site_id, _entry_of(month), 1)
    if before is not None:
        if not noted:  # the server was ended between the release and its entry in the log
            _note(stores.catalog, month, before)
        raise _released()
    if noted:
        raise Conflict(
            "release_lost",
            "The log says that this month was released, but its files are not here: an older backup was put back. A second "
            "release would undo the protection of visitors. Put the files back from a newer backup.",
        )


def _entry_of(month: Month) -> Wanted:
    return Wanted(kind="open_data", thing_id=month.universe.month, deeds=("figures_opened",))


def _note(catalog: Engine, month: Month, release: Release) -> None:
    about = Name(month.site_id, "open_data", release.month)
    with catalog.begin() as connection:
        note(
            connection, "figures_opened", about, Change(release.released_at, release.account_id), digest=release.digest
        )


def _with_noise(counts: Counts, draw: AddNoise) -> Counts:
    return {
        name: dict(zip(cells, draw(list(cells.values()), MEASURES[name]), strict=True))
        for name, cells in counts.items()
    }


def _make_release(month: Month, noisy: Counts, change: Change) -> tuple[Release, list[OpenFile]]:
    universe, mechanism = month.universe, name_mechanism()
    tables = make_tables(tell(noisy, universe), universe, month.names)
    at = datetime.fromtimestamp(change.at // 1000, UTC).isoformat().replace("+00:00", "Z")
    about = About(month.site_id, month.site_name, month.attribution, month.time_zone, mechanism, at)
    files = write_files(tables, universe, about)
    listing = "".join(f"{digest_of(one.body)}  {one.name}\n" for one in sorted(files, key=lambda one: one.name))
    release = Release(
        month=universe.month,
        released_at=change.at,
        account_id=change.account_id,
        epsilon_thousandths=month_epsilon_thousandths(),
        most_landmarks=MOST_LANDMARKS,
        mechanism=mechanism,
        tables=len(TABLES),
        rows=sum(len(table.rows) for table in tables),
        hidden=sum(table.hidden for table in tables),
        digest=digest_of(listing.encode()),
    )
    return release, files


def digest_of(body: bytes) -> str:
    """SHA-256 of a file, and of a release: of its files' digests and names, as `sha256sum` lists them by name."""
    return hashlib.sha256(body).hexdigest()


def _file_row(month: Month, file: OpenFile) -> dict[str, object]:
    at = {"site_id": month.site_id, "month": month.universe.month, "name": file.name}
    return {**at, "media_type": file.media_type, "digest": digest_of(file.body), "body": file.body}


def _spend(connection: Connection, month: Month, allowed: int) -> None:
    """Take a release from the budget of its year; two at once cannot both take the last of it. Raises Conflict."""
    year, share = read_month(month.universe.month).year, month_epsilon_thousandths()
    of_year = {"site_id": month.site_id, "year": year}
    first = insert_into(connection, open_budget).values(**of_year, spent_thousandths=0)
    connection.execute(first.on_conflict_do_nothing())
    spent = open_budget.c.spent_thousandths
    mine = update(open_budget).where(open_budget.c.site_id == month.site_id, open_budget.c.year == year)
    if not connection.execute(mine.where(spent + share <= allowed).values(spent_thousandths=spent + share)).rowcount:
        raise Conflict(
            "budget_spent",
            f"The budget of {year} does not suffice for another month: what is published of a year may tell so much of one "
            "visitor and no more. Nothing was released.",
            year=year,
        )
