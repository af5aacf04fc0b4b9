"""The snapshot in use: compiled again when something is published and at local midnight, served on when all else fails."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.calendar_feed import make_plan
from xr_server.domain.campaign import Placed
from xr_server.domain.memory import Shown
from xr_server.domain.memory_rule import are_taken, are_told
from xr_server.domain.publish import find_faults, horizon
from xr_server.domain.published import gather
from xr_server.domain.published_ids import keep_ids
from xr_server.domain.visit_facts import Ground
from xr_server.errors import NotFound
from xr_server.storage.catalog import list_ids, list_publications, load_published, load_stamps
from xr_server.storage.memories import list_shown
from xr_server.storage.memory_rules import load_rule
from xr_server.storage.packages import load_packages
from xr_server.storage.portfolios import list_creator_pages
from xr_server.storage.publish import (
    Compiled,
    SiteSnapshot,
    Snapshot,
    compile_snapshot,
    forget_old_file,
    ground_of,
    make_snapshot,
    read_snapshot,
    write_site,
)
from xr_server.storage.readings import add_readings
from xr_server.storage.stopping import load_stopped

POLL_S = 0.4
log = logging.getLogger("dejima.publish")


class PublishedSites:
    """The snapshot in use, kept up to date by a thread: within half a second of a publication and at local midnight."""

    def __init__(self, catalog: Engine, store: Path, clock: Callable[[], int]) -> None:
        self._catalog, self._store, self._clock = catalog, store, clock
        self._snapshot = make_snapshot({})
        self._failed: dict[str, tuple[int, date]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="snapshot", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in use."""
        return self._snapshot

    def start(self) -> None:
        """Take the last snapshot from its file, then the database's, and keep watching."""
        self._snapshot = read_snapshot(self._store)
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """End the watching thread."""
        self._stopping.set()
        self._thread.join()

    def get_site(self, site_id: str) -> SiteSnapshot:
        """What a site serves. Raises NotFound with a sentence that names the sites there are."""
        site = self._snapshot.sites.get(site_id)
        if site is None:
            there = ", ".join(sorted(self._snapshot.sites)) or "none yet"
            raise NotFound("site_unknown", f"There is no site called {site_id[:64]}; published sites: {there}.")
        return site

    def site(self, site_id: str, language: str | None) -> Compiled:
        """The site document; None stands for the site's first language. Raises NotFound with a sentence that helps."""
        documents = self.get_site(site_id).documents
        compiled = documents.get(language or next(iter(documents)))
        if compiled is None:
            raise NotFound(
                "language_unknown",
                f"The site {site_id} has no language {(language or '')[:20]}; it speaks {', '.join(documents)}.",
            )
        return compiled

    def scene(self, site_id: str, scene_id: str, language: str | None) -> Compiled:
        """The scene manifest, in the site's first language for None. Raises NotFound."""
        language = self.site(site_id, language).document["language"]
        compiled = self.get_site(site_id).scenes.get((scene_id, str(language)))
        if compiled is None:
            raise NotFound("scene_unknown", f"The site {site_id} has no published scene called {scene_id[:64]}.")
        return compiled

    def may_fetch(self, digest: str) -> bool:
        """Whether some published record names the package."""
        return any(digest in site.digests for site in self._snapshot.sites.values())

    def find_media(self, digest: str) -> str | None:
        """The file name of a published picture or sound; None when no published record names it."""
        return next((site.media[digest] for site in self._snapshot.sites.values() if digest in site.media), None)

    def find_captions(self, digest: str) -> str | None:
        """Captions that some published sound has, as WebVTT; None when there are none of this digest."""
        return next((site.captions[digest] for site in self._snapshot.sites.values() if digest in site.captions), None)

    def find_sign(self, code: str) -> tuple[str, str] | None:
        """The site and the landmark of a sign's code; None for a code that is on no sign."""
        sites = self._snapshot.sites.items()
        return next(((name, site.codes[code]) for name, site in sites if code in site.codes), None)

    def find_link(self, code: str) -> tuple[str, Placed] | None:
        """The site and the campaign's link of a code; None for one that no published campaign has."""
        sites = self._snapshot.sites.items()
        return next(((name, site.links[code]) for name, site in sites if code in site.links), None)

    def find_memory(self, memory_id: str) -> Shown | None:
        """A memory that visitors are shown, by its id."""
        everything = (one for site in self._snapshot.sites.values() for one in site.memories)
        return next((one for one in everything if one.id == memory_id), None)

    def was_withdrawn(self, digest: str) -> bool:
        """Whether a package, a picture or a sound was served and is no longer."""
        return any(digest in site.former_digests for site in self._snapshot.sites.values())

    def local_date(self) -> date | None:
        """Today's date where the day began last among the sites; None before anything is published."""
        return min((self._date_in(site.zone) for site in self._snapshot.sites.values()), default=None)

    def zones(self) -> dict[str, ZoneInfo]:
        """The time zone of each site."""
        return {name: site.zone for name, site in self._snapshot.sites.items()}

    def grounds(self) -> dict[str, Ground]:
        """What must be known of each site to sum up its visits."""
        return {name: ground_of(site) for name, site in self._snapshot.sites.items()}

    def refresh(self) -> None:
        """Compile again what has changed; when the database cannot be read, go on with what is held."""
        with self._lock:
            held = self._snapshot
            try:
                numbers = list_publications(self._catalog)
                sites = {name: self._take(name, number, held) for name, number in numbers.items()}
            except (SQLAlchemyError, OSError) as error:
                self._go_on(f"the catalog cannot be reached ({type(error).__name__})")
                return
            lost = sorted(set(held.sites) - set(numbers))
            if lost:  # a site is withdrawn by a publication, never by its absence: this is another, emptier database
                self._go_on(f"the catalog knows nothing of {', '.join(lost)}")
                return
            self._change_to({name: site for name, site in sites.items() if site is not None})

    def _go_on(self, reason: str) -> None:
        if not self._snapshot.from_file:
            log.warning("%s: serving what was published last", reason)
            self._snapshot = replace(self._snapshot, from_file=True)

    def _change_to(self, sites: dict[str, SiteSnapshot]) -> None:
        held = self._snapshot
        changed = {name: site for name, site in sites.items() if held.sites.get(name) is not site}
        if changed or set(held.sites) != set(sites):
            self._snapshot = make_snapshot(sites)
            try:
                for name, site in changed.items():
                    write_site(self._store, name, site)
                forget_old_file(self._store)
            except OSError as error:
                log.error("the snapshot is served but could not be written to its file: %s", type(error).__name__)
        elif held.from_file:
            self._snapshot = replace(held, from_file=False)

    def _take(self, site_id: str, revision: int, snapshot: Snapshot) -> SiteSnapshot | None:
        held = snapshot.sites.get(site_id)
        # what came from the file may be the work of an older version of this program: compile it again
        if held is not None and not snapshot.from_file and self._is_current(held, revision):
            return held
        try:
            return self._compile(site_id, revision, held)
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:  # one record that cannot be compiled must take nothing away from visitors
            self._report(site_id, revision, error)
            return held

    def _is_current(self, held: SiteSnapshot, revision: int) -> bool:
        return held.revision == revision and held.compiled_for_on == self._date_in(held.zone)

    def _compile(self, site_id: str, revision: int, held: SiteSnapshot | None) -> SiteSnapshot | None:
        published = gather(
            add_readings(self._catalog, load_published(self._catalog, site_id)),
            *load_packages(self._catalog, site_id),
            load_stopped(self._catalog, site_id),
            list_creator_pages(self._catalog, site_id),
        )
        if published is None:
            return None
        rule = load_rule(self._catalog, site_id).rule
        told = list_shown(self._catalog, site_id) if are_told(rule) else ()
        published = replace(published, memories=told, memories_taken=are_taken(rule))
        on = self._date_in(ZoneInfo(published.site.time_zone))
        for fault in find_faults(published, horizon(on)):
            log.warning("%s is published without a schedule: %s", site_id, fault)
        former = held.all_digests | held.former_digests if held else frozenset()
        plan = make_plan(published, load_stamps(self._catalog, site_id))
        site = compile_snapshot(published, revision, on, held, former)
        return replace(site, plan=plan, former_ids=keep_ids(site.former_ids, list_ids(self._catalog, site_id)))

    def _report(self, site_id: str, revision: int, error: Exception) -> None:
        failure = revision, self._date_in(UTC)
        if self._failed.get(site_id) != failure:  # once, not at every look
            self._failed[site_id] = failure
            log.error("%s cannot be compiled; what was published last stays: %r", site_id, error)

    def _date_in(self, zone: tzinfo) -> date:
        return datetime.fromtimestamp(self._clock() / 1000, zone).date()

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self.refresh()
            except Exception as error:  # nothing foreseen; the watch must not end, and visitors keep what they have
                log.error("looking for publications failed: %r", error)
