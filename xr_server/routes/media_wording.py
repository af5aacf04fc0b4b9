"""What the pages of creators and staff say of a picture or a sound: its facts in a line, where it is used, the way there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xr_server.domain.account import Session, may, may_at
from xr_server.domain.captions import say_clock
from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.media import KB, Media, suffix_of
from xr_server.domain.media_use import Use
from xr_server.domain.published import pick
from xr_server.errors import DejimaError
from xr_server.parts import Parts
from xr_server.routes.pages import fill, load_texts
from xr_server.storage.catalog import list_records, load_bodies
from xr_server.storage.portfolios import list_own_scenes
from xr_server.storage.scans import Owner

Called = tuple[Mapping[str, str], Mapping[tuple[str, str], str]]
"""What scenes are called, by id, and what their points are."""
Ways = Callable[[Use], str]
"""The page to which a place of use leads a reader; empty where there is none for them."""
FORMS = {".webp": "WebP", ".jpg": "JPEG", ".png": "PNG", ".mp3": "MP3", ".m4a": "M4A (AAC)", ".wav": "WAV"}


def say_facts(media: Media, language: str) -> str:
    """Form, length, bit rate and size of a file in one line."""
    parts = [FORMS[suffix_of(media.file)]]
    if media.duration_s:
        kbit_s = media.size_bytes * 8 / 1000 / media.duration_s
        parts.append(
            fill(load_texts(language)["studio.media_length"], language, time=say_clock(round(media.duration_s, 1)))
        )
        parts.append(f"{kbit_s:.0f} kbit/s")
    return " · ".join([*parts, f"{media.size_bytes / KB:.0f} kB"])


def spot_titles(parts: Parts, site_id: str, language: str) -> Mapping[tuple[str, str], str]:
    """What each point of a scene is called, by the ids of scene and point."""
    bodies = [item.body for item in list_records(parts.catalog, site_id, "scene")]
    return {
        (body.id, spot.id): pick(spot.title, language) or spot.id
        for body in bodies
        if isinstance(body, Scene)
        for spot in body.hotspots
    }


def ways_of(parts: Parts, session: Session, uses: Sequence[Use], language: str) -> Ways:
    """Where places of use lead a reader: to the desk, to the form of a scene of their own, else to what visitors see."""
    site_id = session.site_id
    bodies = load_bodies(parts.catalog, site_id, {(use.record_kind, use.record_id) for use in uses})
    own = list_own_scenes(parts.catalog, Owner(site_id, session.account_id)) if may(session, "attach") else set()
    pages = _pages_of(parts, site_id, language)

    def lead(use: Use) -> str:
        body = bodies.get((use.record_kind, use.record_id))
        scene = body.scene if isinstance(body, Experience) else use.record_id
        if body is not None and may(session, "review") and may_at(session, getattr(body, "landmark", "")):
            return f"/desk/records/{use.record_kind}/{use.record_id}"
        if scene in own:
            return f"/studio/scenes/{scene}"
        return pages.get(scene, "") if use.published else ""

    return lead


def _pages_of(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    """By scene, the page on which visitors see it now."""
    try:
        document = parts.published.site(site_id, language).document
    except DejimaError:  # nothing is published yet
        return {}
    return {offer["scene"]: f"/{language}/{site_id}/experiences/{offer['id']}" for offer in document["experiences"]}


def say_use(use: Use, called: Called, ways: Ways, language: str) -> dict[str, Any]:
    """One place of use as the page shows it: a sentence, whether visitors see it, and where it leads."""
    titles, spots = called
    texts = load_texts(language)
    title = titles.get(use.record_id, use.record_id)
    shown = "both" if use.published and use.draft else "published" if use.published else "draft"
    words = fill(
        texts[f"studio.media_use_{use.place}"],
        language,
        title=title,
        spot=spots.get((use.record_id, use.spot), use.spot),
    )
    return {"words": words, "shown": shown, "href": ways(use)}
