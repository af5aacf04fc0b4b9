"""Public pages of makers: chosen by their owners, read when a site is compiled."""

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from xr_server.domain.account import STEPS
from xr_server.domain.attachment import made_scene
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.portfolio import CreatorPage, Portfolio
from xr_server.errors import Conflict
from xr_server.storage.audit import note
from xr_server.storage.catalog import count_publication
from xr_server.storage.database import insert_into
from xr_server.storage.scans import Owner
from xr_server.storage.tables.people import account, membership, portfolio
from xr_server.storage.tables.scans import scan

SHOWING_ROLES = tuple(role for role, steps in STEPS.items() if "show_work" in steps)


def load_portfolio(catalog: Engine, owner: Owner) -> Portfolio:
    """What an account has chosen; nothing yet: a page that is off."""
    query = select(portfolio).where(portfolio.c.account_id == owner.account_id, portfolio.c.site_id == owner.site_id)
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return Portfolio() if row is None else Portfolio(row.shown, row.slug or "", row.name)


def save_portfolio(catalog: Engine, owner: Owner, chosen: Portfolio, change: Change) -> None:
    """Keep what was chosen; visitors see it with the next compilation. Raises Conflict when the address is another's."""
    key = {"account_id": owner.account_id, "site_id": owner.site_id}
    values = {"shown": chosen.shown, "slug": chosen.slug or None, "name": chosen.name}
    try:
        with catalog.begin() as connection:
            first = insert_into(connection, portfolio).values(**key, **values)
            ours = [portfolio.c.account_id, portfolio.c.site_id]
            connection.execute(first.on_conflict_do_update(index_elements=ours, set_=values))
            deed: Deed = "page_shown" if chosen.shown else "page_hidden"
            note(connection, deed, Name(owner.site_id, "account", owner.account_id), change)
            count_publication(connection, owner.site_id, change.at)
    except IntegrityError as error:
        raise Conflict("portfolio_taken", "Somebody else's page has this address. Choose another one.") from error


def list_creator_pages(catalog: Engine, site_id: str) -> list[CreatorPage]:
    """The pages that are switched on, of open accounts in a role that may have one, by address."""
    query = (
        select(portfolio.c.slug, portfolio.c.name, scan.c.id.label("scan_id"), scan.c.scene_id)
        .join(account, account.c.id == portfolio.c.account_id)
        .join(
            membership,
            (membership.c.account_id == portfolio.c.account_id) & (membership.c.site_id == portfolio.c.site_id),
        )
        .outerjoin(
            scan,
            (scan.c.account_id == portfolio.c.account_id)
            & (scan.c.site_id == portfolio.c.site_id)
            & scan.c.scene_id.is_not(None),
        )
        .where(portfolio.c.site_id == site_id, portfolio.c.shown.is_(True), account.c.disabled.is_(False))
        .where(membership.c.role.in_(SHOWING_ROLES))
        .order_by(portfolio.c.slug)
    )
    scenes: dict[tuple[str, str], set[str]] = {}
    with catalog.connect() as connection:
        for row in connection.execute(query):
            found = scenes.setdefault((row.slug, row.name), set())
            if row.scan_id and made_scene(row.scan_id, row.scene_id):
                found.add(row.scene_id)
    return [CreatorPage(slug, name, frozenset(found)) for (slug, name), found in scenes.items()]


def list_own_scenes(catalog: Engine, owner: Owner) -> set[str]:
    """The scenes that were made of an account's scans, published or not; what a scan only joined is not among them."""
    query = select(scan.c.id, scan.c.scene_id).where(
        scan.c.site_id == owner.site_id, scan.c.account_id == owner.account_id, scan.c.scene_id.is_not(None)
    )
    with catalog.connect() as connection:
        return {row.scene_id for row in connection.execute(query) if made_scene(row.id, row.scene_id)}
