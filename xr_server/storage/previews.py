"""Links that show a draft for an hour: the draft as it stands at each look, with everything published round it."""

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.media import Media
from xr_server.domain.media_use import list_named
from xr_server.domain.preview import PREVIEW_LIFE_MS, with_draft
from xr_server.domain.published import Published, gather, packages_behind, shown_scenes
from xr_server.errors import Conflict, NotFound
from xr_server.storage.audit import note
from xr_server.storage.catalog import Change, Name, list_records, load_published, load_record
from xr_server.storage.packages import load_packages
from xr_server.storage.stopping import load_stopped
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import preview
from xr_server.storage.tokens import RandomBytes, hash_token, make_token


@dataclass(frozen=True)
class Preview:
    """A link that still opens: the draft it shows, and until when."""

    site_id: str
    experience_id: str
    expires_at: int


@dataclass(frozen=True)
class Draft:
    """An experience and its scene as they stand, and the site with them in it."""

    experience: Experience
    scene: Scene
    published: Published


def issue_preview(catalog: Engine, name: Name, account_id: str, at: int, random_bytes: RandomBytes) -> str:
    """The token of a link that shows the draft of an experience for an hour."""
    token = make_token(random_bytes)
    with catalog.begin() as connection:
        connection.execute(delete(preview).where(preview.c.expires_at <= at))
        values = {"site_id": name.site_id, "experience_id": name.id, "account_id": account_id}
        connection.execute(
            insert(preview).values(token_hash=hash_token(token), expires_at=at + PREVIEW_LIFE_MS, **values)
        )
        note(connection, "preview_made", name, Change(at, account_id))
    return token


def find_preview(catalog: Engine, token: str, at: int) -> Preview:
    """What a link's token shows. Raises NotFound when it is over, was ended, or its maker's account is closed."""
    query = (
        select(preview)
        .join(account, account.c.id == preview.c.account_id)
        .where(preview.c.token_hash == hash_token(token), preview.c.expires_at > at, account.c.disabled.is_(False))
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(
            "preview_over",
            "This preview is over: it was ended, or is more than an hour old. Make another one on the page of the scan.",
        )
    return Preview(row.site_id, row.experience_id, row.expires_at)


def end_previews(catalog: Engine, name: Name, change: Change) -> int:
    """End all links to the draft of an experience; gives how many there were."""
    which = (preview.c.site_id == name.site_id) & (preview.c.experience_id == name.id)
    with catalog.begin() as connection:
        ended = int(connection.execute(delete(preview).where(which)).rowcount)
        if ended:
            note(connection, "preview_ended", name, change, links=ended)
        return ended


def count_previews(catalog: Engine, name: Name, at: int) -> int:
    """How many links show the draft of an experience now."""
    which = (preview.c.site_id == name.site_id) & (preview.c.experience_id == name.id) & (preview.c.expires_at > at)
    with catalog.connect() as connection:
        return len(connection.execute(select(preview.c.token_hash).where(which)).all())


def load_draft(catalog: Engine, site_id: str, experience_id: str) -> Draft:
    """The draft as it stands now. Raises NotFound, Conflict when it has no scene yet or nothing is published round it."""
    experience = load_record(catalog, Name(site_id, "experience", experience_id)).body
    published = gather(
        load_published(catalog, site_id), *load_packages(catalog, site_id), load_stopped(catalog, site_id)
    )
    if not isinstance(experience, Experience) or published is None:
        raise Conflict("site_empty", "This site has no content yet. An operator can import it with `dejima import`.")
    scene = load_record(catalog, Name(site_id, "scene", experience.scene)).body
    if not isinstance(scene, Scene):
        raise Conflict("scene_missing", "The scene of this experience is not there, so visitors would see nothing.")
    named = {name for name, _ in list_named([experience, scene])}
    # as they stand: what the scene names goes out with it, except what was taken back
    stored = [
        item for item in list_records(catalog, site_id, "media") if item.id in named and item.state != "withdrawn"
    ]
    media = [item.body for item in stored if isinstance(item.body, Media)]
    drafted = with_draft(published, experience, scene, media)
    if scene not in shown_scenes(drafted):
        if packages_behind(scene, published.models) & published.stopped:
            raise Conflict(
                "package_stopped",
                "A model of this scene was taken back because somebody else holds the rights, so it cannot be shown.",
            )
        raise Conflict("package_missing", "A model of this scene is not built yet, so visitors would see nothing.")
    return Draft(experience, scene, drafted)
