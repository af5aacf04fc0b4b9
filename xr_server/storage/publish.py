"""The snapshot visitors are served from: compiled, compressed, held in memory, and kept as a file for bad days."""

import gzip
import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import brotli
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.publish import (
    Document,
    Edition,
    Published,
    compile_scene,
    compile_site,
    gather,
    shown_digests,
    shown_scenes,
)
from xr_server.errors import NotFound
from xr_server.storage.catalog import list_publications, load_published
from xr_server.storage.files import write_file
from xr_server.storage.packages import load_packages

SNAPSHOT_FILE = "snapshot.json"
POLL_S = 0.4
BROTLI_QUALITY = 9
log = logging.getLogger("dejima.publish")


@dataclass(frozen=True)
class Compiled:
    """One document in every form it is sent in; etag is strong and quoted."""

    document: Document
    body: bytes
    br: bytes
    gzip: bytes
    etag: str


@dataclass(frozen=True)
class SiteSnapshot:
    """What one site serves: documents by language, scenes by (id, language), and the digests that may be fetched."""

    revision: int
    compiled_for_on: date
    documents: Mapping[str, Compiled]
    scenes: Mapping[tuple[str, str], Compiled]
    digests: frozenset[str]
    former_digests: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """All sites, and whether the database could be read for it."""

    sites: Mapping[str, SiteSnapshot] = field(default_factory=dict)
    from_file: bool = False


def press(document: Document) -> Compiled:
    """A document as bytes, compressed both ways, with its entity tag."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    tag = hashlib.sha256(body).hexdigest()[:32]
    packed = brotli.compress(body, quality=BROTLI_QUALITY)
    return Compiled(document, body, packed, gzip.compress(body, mtime=0), f'"{tag}"')


def compile_snapshot(published: Published, revision: int, on: date, former: frozenset[str]) -> SiteSnapshot:
    """The site's snapshot for a local date; `former` are digests served earlier, which answer 410 from now on."""
    languages = published.site.languages
    digests = shown_digests(published)
    return SiteSnapshot(
        revision=revision,
        compiled_for_on=on,
        documents={lang: press(compile_site(published, Edition(revision, on, lang))) for lang in languages},
        scenes={
            (scene.id, lang): press(compile_scene(scene, published, lang))
            for scene in shown_scenes(published)
            for lang in languages
        },
        digests=digests,
        former_digests=former - digests,
    )


class PublishedSites:
    """The snapshot in use, kept up to date by a thread: within half a second of a publication and at local midnight."""

    def __init__(self, catalog: Engine, store: Path, clock: Callable[[], int]) -> None:
        self._catalog, self._store, self._clock = catalog, store, clock
        self._snapshot = Snapshot()
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

    def site(self, site_id: str, language: str) -> Compiled:
        """The site document. Raises NotFound with a sentence that names what there is."""
        site = self._snapshot.sites.get(site_id)
        if site is None:
            there = ", ".join(sorted(self._snapshot.sites)) or "none yet"
            raise NotFound("site_unknown", f"There is no site called {site_id}; published sites: {there}.")
        compiled = site.documents.get(language)
        if compiled is None:
            raise NotFound(
                "language_unknown",
                f"The site {site_id} has no language {language}; it speaks {', '.join(site.documents)}.",
            )
        return compiled

    def scene(self, site_id: str, scene_id: str, language: str) -> Compiled:
        """The scene manifest. Raises NotFound."""
        self.site(site_id, language)
        compiled = self._snapshot.sites[site_id].scenes.get((scene_id, language))
        if compiled is None:
            raise NotFound("scene_unknown", f"The site {site_id} has no published scene called {scene_id}.")
        return compiled

    def may_fetch(self, digest: str) -> bool:
        """Whether some published record names the package."""
        return any(digest in site.digests for site in self._snapshot.sites.values())

    def was_withdrawn(self, digest: str) -> bool:
        """Whether the package was served and is no longer."""
        return any(digest in site.former_digests for site in self._snapshot.sites.values())

    def refresh(self) -> None:
        """Compile again what has changed; when the database cannot be read, go on with what is held."""
        with self._lock:
            try:
                self._refresh()
            except (SQLAlchemyError, OSError) as error:
                if not self._snapshot.from_file:
                    log.warning("catalog unreachable, serving the last snapshot: %s", type(error).__name__)
                    self._snapshot = Snapshot(self._snapshot.sites, from_file=True)

    def _refresh(self) -> None:
        held = self._snapshot.sites
        sites = {
            name: self._compile(name, number, held.get(name))
            for name, number in list_publications(self._catalog).items()
        }
        present = {name: site for name, site in sites.items() if site is not None}
        changed = any(held.get(name) is not site for name, site in present.items()) or set(held) != set(present)
        if changed or self._snapshot.from_file:
            self._snapshot = Snapshot(present)
        if changed:
            write_snapshot(self._store, self._snapshot)

    def _compile(self, site_id: str, revision: int, held: SiteSnapshot | None) -> SiteSnapshot | None:
        # what came from the file may be the work of an older version of this program: compile it again
        same = held and not self._snapshot.from_file and held.revision == revision
        if held and same and held.compiled_for_on == self._local_date(_zone(held)):
            return held
        published = gather(load_published(self._catalog, site_id), *load_packages(self._catalog, site_id))
        if published is None:
            return None
        former = held.digests | held.former_digests if held else frozenset()
        return compile_snapshot(published, revision, self._local_date(published.site.time_zone), former)

    def _local_date(self, time_zone: str) -> date:
        return datetime.fromtimestamp(self._clock() / 1000, UTC).astimezone(ZoneInfo(time_zone)).date()

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self.refresh()
            except (
                Exception
            ):  # a record that cannot be compiled must not end the watch; visitors keep the last good one
                log.exception("compiling failed; the last good snapshot stays")


def _zone(site: SiteSnapshot) -> str:
    return str(next(iter(site.documents.values())).document["site"]["time_zone"])


def write_snapshot(store: Path, snapshot: Snapshot) -> None:
    """Keep the snapshot as a file of the package store."""
    sites: dict[str, Any] = {}
    for name, site in snapshot.sites.items():
        sites[name] = {
            "revision": site.revision,
            "compiled_for_on": site.compiled_for_on.isoformat(),
            "documents": {lang: compiled.document for lang, compiled in site.documents.items()},
            "scenes": [[key[0], key[1], compiled.document] for key, compiled in site.scenes.items()],
            "digests": sorted(site.digests),
            "former_digests": sorted(site.former_digests),
        }
    write_file(store / SNAPSHOT_FILE, json.dumps(sites, ensure_ascii=False).encode())


def read_snapshot(store: Path) -> Snapshot:
    """The snapshot kept as a file; empty when there is none yet."""
    path = store / SNAPSHOT_FILE
    if not path.is_file():
        return Snapshot()
    sites = {}
    for name, site in json.loads(path.read_bytes()).items():
        sites[name] = SiteSnapshot(
            revision=site["revision"],
            compiled_for_on=date.fromisoformat(site["compiled_for_on"]),
            documents={lang: press(document) for lang, document in site["documents"].items()},
            scenes={(scene, lang): press(document) for scene, lang, document in site["scenes"]},
            digests=frozenset(site["digests"]),
            former_digests=frozenset(site["former_digests"]),
        )
    return Snapshot(sites, from_file=True)
