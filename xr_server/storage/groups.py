"""Groups that follow a guide's phone: begun, led on, ended and soon forgotten. Who follows is kept nowhere."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.group import ENDED_KEPT_MS, LIFE_MS, MOST_GROUPS, Group, make_group_code
from xr_server.errors import Busy, Forbidden, Unavailable
from xr_server.storage.tables.groups import walk_group
from xr_server.storage.tokens import RandomBytes, hash_token, make_token

CODE_TRIES = 20


def begin_group(catalog: Engine, site_id: str, at: int, random_bytes: RandomBytes) -> tuple[Group, str]:
    """A new group, and the token with which its guide leads it. Raises Busy, Unavailable."""
    running = select(func.count()).where(walk_group.c.site_id == site_id, *_runs(at))
    with catalog.connect() as connection:
        if connection.execute(running).scalar_one() >= MOST_GROUPS:
            raise Busy("groups_many", "There are very many groups just now. Please try again in a few minutes.", 120)
    token = make_token(random_bytes)
    for _ in range(CODE_TRIES):
        group = Group(site_id, make_group_code(random_bytes), 0, None, at + LIFE_MS, ended=False)
        row = {"code": group.code, "site_id": site_id, "guide_hash": hash_token(token), "step": 0}
        try:
            with catalog.begin() as connection:
                connection.execute(insert(walk_group).values(**row, ends_at=group.ends_at))
            return group, token
        except IntegrityError:
            continue  # that code is taken
    raise Unavailable("codes_crowded", "No free code was found just now. Nothing was lost; please try again.")


def _runs(at: int) -> tuple[ColumnElement[bool], ...]:
    return walk_group.c.ends_at > at, walk_group.c.ended_at.is_(None)


def find_group(catalog: Engine, code: str, at: int) -> Group | None:
    """A group by its code; for some minutes after its end it says that it has ended, then it is None."""
    query = select(walk_group).where(walk_group.c.code == code)
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None or min(row.ends_at, row.ended_at or row.ends_at) + ENDED_KEPT_MS <= at:
        return None
    return _stored(row, at)


def _stored(row: Row[Any], at: int) -> Group:
    ended = row.ended_at is not None or row.ends_at <= at
    return Group(row.site_id, row.code, row.step, row.stop, row.ends_at, ended)


def is_guide(catalog: Engine, code: str, token: str) -> bool:
    """Whether a token is that of the guide of a group."""
    query = select(walk_group.c.code).where(_led_by(code, token))
    with catalog.connect() as connection:
        return connection.execute(query).first() is not None


def _led_by(code: str, token: str) -> ColumnElement[bool]:
    return and_(walk_group.c.code == code, walk_group.c.guide_hash == hash_token(token))


def lead_group(catalog: Engine, guide: tuple[str, str], stop: str, at: int) -> None:
    """Lead a group (its code and the guide's token) on to a stop. Raises Forbidden: not the guide, or it has ended."""
    _change(catalog, guide, at, {"stop": stop})


def end_group(catalog: Engine, guide: tuple[str, str], at: int) -> None:
    """End a group for everybody. Raises Forbidden: not the guide, or it has ended already."""
    _change(catalog, guide, at, {"ended_at": at})


def _change(catalog: Engine, guide: tuple[str, str], at: int, values: dict[str, object]) -> None:
    change = update(walk_group).where(_led_by(*guide), *_runs(at)).values(**values, step=walk_group.c.step + 1)
    with catalog.begin() as connection:
        if connection.execute(change).rowcount != 1:
            raise not_led()


def not_led() -> Forbidden:
    """The refusal of somebody who does not lead a group; it does not tell whether there is such a group."""
    return Forbidden(
        "group_not_led",
        "Only the phone that began a group leads it, until the group ends. Begin a new one on the page of groups.",
    )


def forget_groups(catalog: Engine, at: int) -> None:
    """Delete the groups that have ended a while ago."""
    over = or_(walk_group.c.ends_at <= at - ENDED_KEPT_MS, walk_group.c.ended_at <= at - ENDED_KEPT_MS)
    with catalog.begin() as connection:
        connection.execute(delete(walk_group).where(over))
