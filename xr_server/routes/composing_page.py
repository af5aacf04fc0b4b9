"""The page on which a scene is composed: everything it shows, from the record or from what was just typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain.account import Session, may, may_at
from xr_server.domain.catalog import Experience, Name, Scene
from xr_server.domain.compose import LENGTHS, Around, Faults
from xr_server.domain.compose_form import count_rows, rows_of, type_scene, type_words
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.media import Media
from xr_server.domain.media_use import list_named
from xr_server.domain.preview import digests_of, readdress
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import Document, Published, gather, node_digest, pick
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError
from xr_server.parts import Parts, parts_of
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language
from xr_server.routes.staff import say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.routes.teaching import hidden_media
from xr_server.routes.wording import say_when
from xr_server.storage.catalog import StoredRecord, list_records, load_published
from xr_server.storage.packages import load_packages
from xr_server.storage.previews import count_previews
from xr_server.storage.revisions import list_revisions
from xr_server.storage.scans import StoredScan, list_scans

STATES_KEPT = 10


@dataclass(frozen=True)
class Held:
    """A scene as it stands, the experience it is offered in, and the scan it was made from (None: the content)."""

    scene: StoredRecord
    body: Scene
    experience: StoredRecord | None
    scan: StoredScan | None

    @property
    def words(self) -> Experience | None:
        """The experience itself."""
        body = self.experience.body if self.experience else None
        return body if isinstance(body, Experience) else None

    def called(self, language: str) -> str:
        """What the scene goes by: the title under which visitors find it."""
        return (pick(self.words.title, language) if self.words else "") or self.scene.id

    @property
    def revisions(self) -> dict[str, int]:
        """The revisions a form of the page is opened with, by field."""
        return {"revision": self.scene.revision, "words_revision": self.experience.revision if self.experience else 0}

    @property
    def words_id(self) -> str:
        """The experience whose words are edited; empty for the one that goes by the scene's name, and for none."""
        return self.experience.id if self.experience and self.experience.id != self.scene.id else ""

    def address(self, **query: str) -> str:
        """The page that composes the scene with these words."""
        named = {**query, **({"words": self.words_id} if self.words_id else {})}
        return f"/studio/scenes/{self.scene.id}" + (f"?{urlencode(named)}" if named else "")

    def may_join(self, scan: StoredScan, account_id: str) -> bool:
        """Whether a scan may become a part: one of the scene's creator (else of whoever asks) that no other scene shows."""
        owner = self.scan.account_id if self.scan else account_id
        return scan.account_id == owner and scan.scene_id in (None, self.scene.id)

    def digests(self, models: Mapping[str, str]) -> frozenset[str]:
        """The packages the scene shows."""
        found = (node_digest(node, models) for node in self.body.nodes)
        return frozenset(digest for digest in found if digest)


def list_offers(parts: Parts, scene: StoredRecord) -> list[StoredRecord]:
    """The experiences that show a scene, the one that goes by its name first."""
    offers = list_records(parts.catalog, scene.site_id, "experience")
    shown = [it for it in offers if isinstance(it.body, Experience) and it.body.scene == scene.id]
    return sorted(shown, key=lambda it: (it.id != scene.id, it.id))


def _describe_offers(parts: Parts, session: Session, held: Held, language: str) -> list[dict[str, Any]]:
    """The experiences that show the scene: what each is called, how it stands, and where its words are edited, if here."""
    reviews = may(session, "review") and may_at(session, held.body.landmark)
    chosen = held.experience.id if held.experience else ""
    found = []
    for offer in list_offers(parts, held.scene):
        there = replace(held, experience=offer)
        may_edit = reviews or offer.id == held.scene.id
        found.append(
            {
                "title": there.called(language),
                "state": offer.state,
                "is_chosen": offer.id == chosen,
                "href": f"{there.address()}#words-title" if may_edit else "",
            }
        )
    return found


def typed_of(held: Held) -> dict[str, str]:
    """What the form shows of a scene and its words as they stand."""
    return type_scene(held.body) | type_words(held.words)


def list_media(parts: Parts, session: Session, held: Held) -> list[Media]:
    """The pictures and sounds of a site's library that somebody sees there, and those that scene or words name already."""
    named = {name for name, _ in list_named([held.body, *([held.words] if held.words else [])])}
    hidden = hidden_media(parts, session) - named
    library = list_records(parts.catalog, session.site_id, "media")
    bodies = [stored.body for stored in library if stored.state != "withdrawn" and stored.id not in hidden]
    return [body for body in bodies if isinstance(body, Media) and body.digest]


def around_of(parts: Parts, session: Session, held: Held) -> Around:
    """What a scene of a site may name when somebody composes it."""
    site_id = session.site_id
    site, library = find_site(parts, site_id), list_media(parts, session, held)
    manifests, models = load_packages(parts.catalog, site_id)
    found = {node.id: manifests.get(node_digest(node, models) or "") for node in held.body.nodes}
    return Around(
        languages=site.languages if site else PAGE_LANGUAGES,
        pictures=frozenset(media.id for media in library if media.kind == "image"),
        sounds=frozenset(media.id for media in library if media.kind == "sound"),
        boxes={name: (it.bounds_min_m, it.bounds_max_m) for name, it in found.items() if it is not None},
    )


def compose_page(request: Request, session: Session, held: Held, values: Mapping[str, Any]) -> Response:
    """The page; values may bring back what was typed, what was wrong with it, and what stands there now."""
    parts, language = parts_of(request), choose_language(request)
    typed = values.get("typed") or typed_of(held)
    faults: Faults = values.get("faults", {})
    problem: DejimaError | None = values.get("problem")
    new = count_rows(typed)
    common = {
        "held": held,
        "title": held.called(language),
        "typed": typed,
        "faults": {name: say_problem(fault, language) for name, fault in faults.items()},
        "problem": say_problem(problem, language) if problem else None,
        "differences": [],
        "revisions": held.revisions,
        "spots": [*rows_of(typed, "spot"), new["spot"]],
        "eras": [*rows_of(typed, "era"), new["era"]],
        "new": new,
        "lengths": LENGTHS,
        **_languages(parts, session.site_id, language),
        **_parts_of_scene(request, session, held, language),
        "offers": _describe_offers(parts, session, held, language),
        "states": _list_states(parts, held, language),
        "previews": count_previews(parts.catalog, _name(held.experience), parts.clock()) if held.experience else 0,
        "notice": None,
    }
    own = {name: value for name, value in values.items() if name not in ("typed", "faults", "problem")}
    return staff_page(request, session, "studio/composing.html", {**common, **own})


def _name(stored: StoredRecord) -> Name:
    return Name(stored.site_id, stored.kind, stored.id)


def _languages(parts: Parts, site_id: str, language: str) -> dict[str, Any]:
    """The languages that are always shown, the reader's first, and those that are opened when wanted: code, name, tag."""
    site = find_site(parts, site_id)
    spoken: Sequence[str] = site.languages if site else PAGE_LANGUAGES
    told = [(code, plain(NAMES[code]), html_tag(code)) for code in sorted(spoken, key=lambda code: code != language)]
    return {
        "first_languages": [one for one in told if one[0] in PAGE_LANGUAGES],
        "more_languages": [one for one in told if one[0] not in PAGE_LANGUAGES],
    }


def _parts_of_scene(request: Request, session: Session, held: Held, language: str) -> dict[str, Any]:
    """Models with their pictures, media, scans that may join, and the document that the 3D view shows."""
    parts, site_id = parts_of(request), session.site_id
    manifests, models = load_packages(parts.catalog, site_id)
    scans = list_scans(parts.catalog, site_id, held.scan.account_id if held.scan else session.account_id)
    by_digest = {scan.package_digest: scan for scan in scans if scan.package_digest}
    shown = held.digests(models)
    nodes = []
    for node in held.body.nodes:
        digest = node_digest(node, models) or ""
        manifest = manifests.get(digest)
        title = manifest.credit.title if manifest and manifest.credit.title else node.id
        nodes.append(
            {"node": node, "digest": digest, "title": title, "manifest": manifest, "scan": by_digest.get(digest)}
        )
    built = [scan for scan in scans if scan.state == "built" and held.may_join(scan, session.account_id)]
    library = [(media.id, pick(media.title, language) or media.id, media) for media in list_media(parts, session, held)]
    return {
        "nodes": nodes,
        "addable": [scan for scan in built if scan.package_digest and scan.package_digest not in shown],
        "pictures": [(name, title) for name, title, media in library if media.kind == "image"],
        "sounds": [(name, title, media) for name, title, media in library if media.kind == "sound"],
        "document": _compile(held, gather(load_published(parts.catalog, site_id), manifests, models), language),
    }


def _compile(held: Held, published: Published | None, language: str) -> Document | None:
    """The draft as the 3D view reads it, with addresses only its maker may ask; None while a model is not there."""
    if published is None:
        return None
    digests = digests_of(held.body, published)
    if not digests or not digests <= published.packages.keys():
        return None
    document = compile_scene(held.body, replace(published, scenes=[held.body]), language)
    return readdress(document, digests, f"/studio/scenes/{held.scene.id}")


def _list_states(parts: Parts, held: Held, language: str) -> list[dict[str, Any]]:
    """Earlier states of scene and words together, the newest first: when, by whom, and their two revisions."""
    scenes = list_revisions(parts.catalog, _name(held.scene), STATES_KEPT)
    words = list_revisions(parts.catalog, _name(held.experience), STATES_KEPT) if held.experience else []
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for made in sorted([*scenes, *words], key=lambda one: -one.created_at):
        then = [next((one.number for one in kind if one.created_at <= made.created_at), 0) for kind in (scenes, words)]
        state = {"when": say_when(made.created_at, language), "author": made.author}
        if then[0]:
            found.setdefault((then[0], then[1]), {**state, "to_scene": then[0], "to_words": then[1] or ""})
    return list(found.values())[1:STATES_KEPT]
