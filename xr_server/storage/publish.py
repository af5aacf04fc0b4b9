"""A snapshot: what visitors are served from, compiled and compressed, and kept as a file for bad days."""

import gzip
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import brotli

from xr_server.domain.publish import Edition, captions_by_digest, compile_site, media_digests
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import Document, Published, shown_digests, shown_scenes
from xr_server.storage.files import write_file

SNAPSHOT_FILE = "snapshot.json"
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

    @property
    def all_digests(self) -> frozenset[str]:
        """Everything that may be fetched by a digest: packages, pictures, sounds, captions."""
        return self.digests | self.media.keys() | self.captions.keys()

    @property
    def facts(self) -> Document:
        """The `site` part of its document, in the site's first language."""
        facts: Document = next(iter(self.documents.values())).document["site"]
        return facts

    @property
    def zone(self) -> ZoneInfo:
        """The time zone its days begin in."""
        return ZoneInfo(self.facts["time_zone"])


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


def compile_snapshot(published: Published, revision: int, on: date, former: frozenset[str]) -> SiteSnapshot:
    """The site's snapshot for a local date; `former` are digests served earlier, which answer 410 from now on."""
    languages = published.site.languages
    site = SiteSnapshot(
        revision=revision,
        compiled_for_on=on,
        documents={lang: press(compile_site(published, Edition(revision, on, lang))) for lang in languages},
        scenes={
            (scene.id, lang): press(compile_scene(scene, published, lang))
            for scene in shown_scenes(published)
            for lang in languages
        },
        digests=shown_digests(published),
        media=media_digests(published),
        captions=captions_by_digest(published),
        codes={sign.code: sign.landmark for sign in published.signs},
    )
    return replace(site, former_digests=former - site.all_digests)


def has_snapshot(store: Path) -> bool:
    """Whether something was published with this package store before."""
    return (store / SNAPSHOT_FILE).is_file()


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
            "media": dict(site.media),
            "captions": dict(site.captions),
            "codes": dict(site.codes),
        }
    write_file(store / SNAPSHOT_FILE, json.dumps(sites, ensure_ascii=False).encode())


def read_snapshot(store: Path) -> Snapshot:
    """The snapshot kept as a file; empty when there is none yet, or none that can be read."""
    if not has_snapshot(store):
        return make_snapshot({})
    try:
        document = json.loads((store / SNAPSHOT_FILE).read_bytes())
        sites = {name: _parse_site(site) for name, site in document.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("the snapshot's file cannot be read and is left aside: %r", error)
        return make_snapshot({})
    return make_snapshot(sites, from_file=True)


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
    )
