"""A snapshot: what visitors are served from, compiled and compressed, and kept as a file for bad days."""

import gzip
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import brotli
import msgspec

from xr_server.domain.calendar_feed import Plan
from xr_server.domain.campaign import Placed
from xr_server.domain.memory import Shown
from xr_server.domain.publish import captions_by_digest, compile_sites, media_digests
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import Document, Published, shown_digests, shown_scenes
from xr_server.domain.published_ids import Ids, add_ids, list_ids
from xr_server.domain.visit_facts import Ground
from xr_server.storage.files import write_file

SNAPSHOT_DIR = "snapshot"  # a file for each site, so that publishing one writes no other
OLD_SNAPSHOT_FILE = "snapshot.json"  # all sites in one, as older versions of this program kept them
BROTLI_QUALITY = 9
log = logging.getLogger("dejima.publish")


@dataclass(frozen=True)
class Form:
    """A document as it is sent in one content encoding (None: as it is); its strong quoted tag is this form's own."""

    encoding: str | None
    body: bytes
    etag: str


@dataclass(frozen=True)
class Compiled:
    """One document, and every form it is sent in, the smallest first."""

    document: Document
    forms: tuple[Form, ...]

    @property
    def body(self) -> bytes:
        """The document as JSON."""
        return self.forms[-1].body

    @property
    def etag(self) -> str:
        """The tag of the document as JSON; it changes whenever the document does."""
        return self.forms[-1].etag


@dataclass(frozen=True)
class SiteSnapshot:
    """What one site serves: documents by language, scenes by (id, language), and the digests that may be fetched.

    media: file names of pictures and sounds by digest; captions: texts by digest; codes: landmarks by code of a sign.
    links: short links of campaigns by their codes; plan: what its calendar is made from; memories: what residents told,
    for the pages of landmarks. former_ids: what phones may still name that were offline when it was withdrawn.
    """

    revision: int
    compiled_for_on: date
    documents: Mapping[str, Compiled]
    scenes: Mapping[tuple[str, str], Compiled]
    digests: frozenset[str]
    former_digests: frozenset[str] = frozenset()
    media: Mapping[str, str] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Placed] = field(default_factory=dict)
    plan: Plan | None = None
    memories: tuple[Shown, ...] = ()
    former_ids: Ids = field(default_factory=dict)

    @cached_property
    def known_ids(self) -> Ids:
        """Ids that events may name: all that this site serves or ever served, by what an event calls them."""
        scenes = [compiled.document for compiled in self.scenes.values()]
        first = next(iter(self.documents.values())).document
        return add_ids(list_ids(first, scenes, [placed.campaign for placed in self.links.values()]), self.former_ids)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone its days begin in."""
        return ZoneInfo(self.facts["time_zone"])

    @property
    def all_digests(self) -> frozenset[str]:
        """Everything that may be fetched by a digest: packages, pictures, sounds, captions."""
        return self.digests | self.media.keys() | self.captions.keys()

    @property
    def memories_taken(self) -> bool:
        """Whether visitors may add a memory."""
        return "memories_closed" not in next(iter(self.documents.values())).document

    @property
    def facts(self) -> Document:
        """The `site` part of its document, in the site's first language."""
        facts: Document = next(iter(self.documents.values())).document["site"]
        return facts


def ground_of(site: SiteSnapshot) -> Ground:
    """What must be known of a site to sum up its visits."""
    landmarks = next(iter(site.documents.values())).document["landmarks"]
    places = {one["id"]: (one["lat"], one["lon"]) for one in landmarks}
    return Ground(site.zone, places, {code: placed.campaign for code, placed in site.links.items()})


@dataclass(frozen=True)
class Snapshot:
    """All sites, the list of them as it is sent, and whether the database could not be read for it."""

    sites: Mapping[str, SiteSnapshot]
    index: Compiled
    from_file: bool = False


def press(document: Document) -> Compiled:
    """A document as bytes, compressed both ways, each form with its entity tag."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    tag = hashlib.sha256(body).hexdigest()[:32]
    packed = Form("br", brotli.compress(body, quality=BROTLI_QUALITY), f'"{tag}-br"')
    zipped = Form("gzip", gzip.compress(body, mtime=0), f'"{tag}-gzip"')
    return Compiled(document, (packed, zipped, Form(None, body, f'"{tag}"')))


def make_snapshot(sites: Mapping[str, SiteSnapshot], from_file: bool = False) -> Snapshot:
    """A snapshot of sites with the list of them."""
    listed = []
    for name, site in sorted(sites.items()):
        names = {language: compiled.document["site"]["name"] for language, compiled in site.documents.items()}
        facts = {"bounds": site.facts["bounds"], "time_zone": site.facts["time_zone"]}
        listed.append({"id": name, "revision": site.revision, "names": names, "languages": list(names), **facts})
    return Snapshot(sites, press({"sites": listed}), from_file)


def compile_snapshot(
    published: Published, revision: int, on: date, held: SiteSnapshot | None, former: frozenset[str]
) -> SiteSnapshot:
    """The site's snapshot for a local date; `former` are digests served earlier, which answer 410 from now on.

    What says the same as what is held keeps its bytes: compressing anew is what publishing would cost most.
    """
    languages = published.site.languages
    documents = compile_sites(published, revision, on)
    known = held.scenes if held else {}
    site = SiteSnapshot(
        revision=revision,
        compiled_for_on=on,
        documents={lang: press(document) for lang, document in documents.items()},
        scenes={
            (scene.id, lang): _press_anew(compile_scene(scene, published, lang), known.get((scene.id, lang)))
            for scene in shown_scenes(published)
            for lang in languages
        },
        digests=shown_digests(published),
        media=media_digests(published),
        captions=captions_by_digest(published),
        codes={sign.code: sign.landmark for sign in published.signs},
        links=published.links,
        memories=tuple(published.memories),
        former_ids=held.known_ids if held else {},
    )
    return replace(site, former_digests=former - site.all_digests)


def _press_anew(document: Document, held: Compiled | None) -> Compiled:
    return held if held is not None and held.document == document else press(document)


def has_snapshot(store: Path) -> bool:
    """Whether something was published with this package store before."""
    return (store / OLD_SNAPSHOT_FILE).is_file() or any((store / SNAPSHOT_DIR).glob("*.json"))


def write_site(store: Path, name: str, site: SiteSnapshot) -> None:
    """Keep what a site serves as a file of the package store; other sites' files are not touched."""
    document = {
        "revision": site.revision,
        "compiled_for_on": site.compiled_for_on.isoformat(),
        "documents": {lang: compiled.document for lang, compiled in site.documents.items()},
        "scenes": [[key[0], key[1], compiled.document] for key, compiled in site.scenes.items()],
        "digests": sorted(site.digests),
        "former_digests": sorted(site.former_digests),
        "media": dict(site.media),
        "captions": dict(site.captions),
        "codes": dict(site.codes),
        "links": msgspec.to_builtins(site.links),
        "plan": msgspec.to_builtins(site.plan),
        "memories": msgspec.to_builtins(site.memories),
        "former_ids": {name: sorted(ids) for name, ids in site.former_ids.items()},
    }
    write_file(store / SNAPSHOT_DIR / f"{name}.json", json.dumps(document, ensure_ascii=False).encode())


def forget_old_file(store: Path) -> None:
    """Take away the one file that an older version of this program kept, once each site has its own."""
    (store / OLD_SNAPSHOT_FILE).unlink(missing_ok=True)


def read_snapshot(store: Path) -> Snapshot:
    """The snapshot kept as files; empty when there are none yet, and without a site whose file cannot be read."""
    sites: dict[str, SiteSnapshot] = {}
    documents = dict(_read_old(store))
    for path in sorted((store / SNAPSHOT_DIR).glob("*.json")):
        documents[path.stem] = path.read_bytes
    for name, read in documents.items():
        try:
            sites[name] = _parse_site(json.loads(read()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("the snapshot's file of %s cannot be read and is left aside: %r", name, error)
    return make_snapshot(sites, from_file=has_snapshot(store) and bool(sites))


def _read_old(store: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The sites in the one file of an older version of this program."""
    path = store / OLD_SNAPSHOT_FILE
    if not path.is_file():
        return
    try:
        sites = json.loads(path.read_bytes())
        for name, site in sites.items():
            yield name, json.dumps(site).encode
    except (OSError, ValueError, AttributeError) as error:
        log.error("the snapshot's file cannot be read and is left aside: %r", error)


def _parse_site(site: Document) -> SiteSnapshot:
    return SiteSnapshot(
        revision=site["revision"],
        compiled_for_on=date.fromisoformat(site["compiled_for_on"]),
        documents={language: press(document) for language, document in site["documents"].items()},
        scenes={(scene, language): press(document) for scene, language, document in site["scenes"]},
        digests=frozenset(site["digests"]),
        former_digests=frozenset(site["former_digests"]),
        media=site.get("media", {}),  # a file that an older version of this program wrote has none of these
        captions=site.get("captions", {}),
        codes=site.get("codes", {}),
        links=_parse_links(site.get("links", {})),
        plan=_parse_plan(site.get("plan")),
        memories=_parse_memories(site.get("memories", [])),
        former_ids={name: frozenset(ids) for name, ids in site.get("former_ids", {}).items()},
    )


def _parse_links(document: Document) -> Mapping[str, Placed]:
    """Short links; none when another version of this program wrote them: they are compiled anew."""
    try:
        return msgspec.convert(document, dict[str, Placed])
    except msgspec.ValidationError:
        return {}


def _parse_plan(document: Document | None) -> Plan | None:
    """What the calendar is made from; None when another version of this program wrote the file: it is compiled anew."""
    try:
        return msgspec.convert(document, Plan | None)
    except msgspec.ValidationError:
        return None


def _parse_memories(document: list[Document]) -> tuple[Shown, ...]:
    """What residents told; none when another version of this program wrote the file: they are read anew."""
    try:
        return msgspec.convert(document, tuple[Shown, ...])
    except msgspec.ValidationError:
        return ()
