"""Pupils: accounts without e-mail or real name, which come by the code or a card of their class."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.account import check_password
from xr_server.domain.catalog import Change, State
from xr_server.domain.pen_name import SEED_BYTES, fold_pen_name, make_pen_name
from xr_server.domain.school import FREE_CLASS_GUESSES, check_places, parse_code
from xr_server.errors import Conflict, NotFound
from xr_server.storage.accounts import (
    NOBODY,
    NONE_YET,
    account_name,
    check_rested,
    count_guess,
    forget_key,
    make_hash,
    matches_hash,
)
from xr_server.storage.audit import note
from xr_server.storage.classes import SchoolClass, load_class, new_id
from xr_server.storage.scans import StoredScan, to_stored
from xr_server.storage.tables.classes import pupil, school_class
from xr_server.storage.tables.people import account, membership, session
from xr_server.storage.tables.records import record
from xr_server.storage.tables.scans import package, scan
from xr_server.storage.tokens import RandomBytes, hash_token

NAME_TRIES = 200


@dataclass(frozen=True)
class Pupil:
    """A pupil as the teacher sees it. has_password: the child has been in; used_at: of its open sessions, the last use."""

    account_id: str
    name: str
    class_id: str
    teacher_id: str
    has_password: bool
    used_at: int | None
    scans: int


@dataclass(frozen=True)
class Knock:
    """Somebody with a code: what was typed, and what tells the browser, so that it rests by itself after wrong ones."""

    typed: str
    browser: str


def check_code(catalog: Engine, knock: Knock, at: int) -> SchoolClass:
    """The class a code opens. Wrong codes make a browser rest, and after fifty in a row that class's code.

    Nobody else waits: other classes have other first halves, cards and pupils who are in already need no code.
    Raises Invalid, Busy, NotFound.
    """
    locator, secret = parse_code(knock.typed)
    own_key, shared_key = hash_token(f"join\n{knock.browser}"), hash_token(f"class\n{locator}")
    check_rested(catalog, own_key, at)
    check_rested(catalog, shared_key, at, spared=FREE_CLASS_GUESSES)
    with catalog.connect() as connection:
        row = connection.execute(select(school_class).where(school_class.c.locator == locator)).first()
    matches = matches_hash(row.secret_hash if row else NOBODY, secret)
    with catalog.begin() as connection:
        if row is not None and matches and row.code_expires_at > at:
            forget_key(connection, own_key)
            forget_key(connection, shared_key)
        else:
            count_guess(connection, own_key, at)
            count_guess(connection, shared_key, at)
            row = None
    if row is None:
        raise NotFound("code_wrong", "This code opens no class: it was typed otherwise, or is over. Ask your teacher.")
    return load_class(catalog, row.id)


def is_free(catalog: Engine, name: str) -> bool:
    """Whether nobody has a pen name."""
    with catalog.connect() as connection:
        return _is_free(connection, name)


def _is_free(connection: Connection, name: str) -> bool:
    known = connection.execute(select(account.c.id).where(account.c.name == name)).first()
    return (
        not known
        and not connection.execute(select(pupil.c.account_id).where(pupil.c.folded_name == fold_pen_name(name))).first()
    )


def find_free_seed(catalog: Engine, language: str, random_bytes: RandomBytes) -> bytes:
    """The seed of a pen name that nobody has. Raises Conflict."""
    with catalog.connect() as connection:
        return next(_free_seeds(connection, language, random_bytes))


def _free_seeds(connection: Connection, language: str, random_bytes: RandomBytes) -> Iterator[bytes]:
    for _ in range(NAME_TRIES):
        seed = random_bytes(SEED_BYTES)
        if _is_free(connection, make_pen_name(language, seed)):
            yield seed
    raise _no_name()


def _no_name() -> Conflict:
    return Conflict("pen_name_taken", "Somebody else has this name by now. Here is another one; nothing was lost.")


def join_class(catalog: Engine, found: SchoolClass, name: str, password: str, made: tuple[int, str]) -> str:
    """Make a pupil's account with the password it chose; made: the moment and the id. Raises Invalid, Conflict."""
    check_password(password)
    password_hash = make_hash(password)  # takes its time, so before anybody has to wait to write
    try:
        with catalog.begin() as connection:
            _check_places(connection, found, 1)
            _add(connection, found, name, (made[1], password_hash), Change(made[0], made[1]))
    except IntegrityError as error:
        raise _no_name() from error
    return made[1]


def make_pupils(
    catalog: Engine, found: SchoolClass, asked: tuple[int, str], change: Change, random_bytes: RandomBytes
) -> list[Pupil]:
    """Make accounts for cards; asked: how many, and the language of their pen names. They have no password yet."""
    count, language = asked
    made = []
    try:
        with catalog.begin() as connection:
            _check_places(connection, found, count)
            for _ in range(count):
                name = make_pen_name(language, next(_free_seeds(connection, language, random_bytes)))
                account_id = new_id(random_bytes)
                _add(connection, found, name, (account_id, NONE_YET), change)
                made.append(Pupil(account_id, name, found.id, found.teacher_id, False, None, 0))
    except IntegrityError as error:
        raise _no_name() from error
    return made


def _check_places(connection: Connection, found: SchoolClass, more: int) -> None:
    """One at a time joins a class, so that it gets no more pupils than it may have. Raises Conflict."""
    row = school_class.c.id == found.id
    if connection.execute(update(school_class).where(row).values(name=school_class.c.name)).rowcount != 1:
        raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")
    pupils = select(func.count()).select_from(pupil).where(pupil.c.class_id == found.id)
    check_places(int(connection.execute(pupils).scalar_one()), more)


def _add(connection: Connection, found: SchoolClass, name: str, row: tuple[str, str], change: Change) -> None:
    account_id, password_hash = row
    values = {"id": account_id, "site_id": found.site_id, "name": name, "created_at": change.at}
    connection.execute(insert(account).values(**values, password_hash=password_hash))
    mine = (membership.c.account_id == found.teacher_id) & (membership.c.site_id == found.site_id)
    organisation_id = connection.execute(select(membership.c.organisation_id).where(mine)).scalar_one()
    belongs = {"account_id": account_id, "organisation_id": organisation_id, "site_id": found.site_id}
    connection.execute(insert(membership).values(**belongs, role="pupil"))
    of_class = {"account_id": account_id, "site_id": found.site_id, "class_id": found.id}
    connection.execute(insert(pupil).values(**of_class, folded_name=fold_pen_name(name)))
    note(connection, "account_made", account_name(found.site_id, account_id), change, role="pupil")


def list_pupils(catalog: Engine, class_id: str) -> list[Pupil]:
    """The pupils of a class, by pen name."""
    used = select(session.c.account_id, func.max(session.c.used_at).label("used_at")).group_by(session.c.account_id)
    scans = select(scan.c.account_id, func.count().label("scans")).group_by(scan.c.account_id)
    used_by, scans_by = used.subquery(), scans.subquery()
    query = (
        select(
            pupil,
            account.c.name,
            account.c.password_hash,
            school_class.c.teacher_id,
            used_by.c.used_at,
            scans_by.c.scans,
        )
        .join(account, account.c.id == pupil.c.account_id)
        .join(school_class, school_class.c.id == pupil.c.class_id)
        .outerjoin(used_by, used_by.c.account_id == pupil.c.account_id)
        .outerjoin(scans_by, scans_by.c.account_id == pupil.c.account_id)
        .where(pupil.c.class_id == class_id)
        .order_by(account.c.name)
    )
    with catalog.connect() as connection:
        return [_to_pupil(row) for row in connection.execute(query)]


@dataclass(frozen=True)
class PupilScan:
    """A scan in a class: whose, by pen name, and how what it is attached to stands (None: not attached)."""

    scan: StoredScan
    name: str
    state: State | None


def list_class_scans(catalog: Engine, class_id: str) -> list[PupilScan]:
    """All scans of a class, what was handed in to the teacher first, then the newest."""
    shown = (record.c.site_id == scan.c.site_id) & (record.c.kind == "experience") & (record.c.id == scan.c.scene_id)
    query = (
        select(scan, account.c.name.label("pen_name"), record.c.state.label("record_state"))
        .join(pupil, pupil.c.account_id == scan.c.account_id)
        .join(account, account.c.id == scan.c.account_id)
        .outerjoin(record, shown)
        .where(pupil.c.class_id == class_id)
        .order_by(scan.c.created_at.desc(), scan.c.id)
    )
    with catalog.connect() as connection:
        found = [PupilScan(to_stored(row), row.pen_name, row.record_state) for row in connection.execute(query)]
    return sorted(found, key=lambda one: one.state != "with_teacher")


def _to_pupil(row: Row[tuple[object, ...]]) -> Pupil:
    return Pupil(
        row.account_id, row.name, row.class_id, row.teacher_id, bool(row.password_hash), row.used_at, row.scans or 0
    )


def find_class_of(catalog: Engine, account_id: str) -> SchoolClass | None:
    """The class of a pupil; None for everybody else."""
    with catalog.connect() as connection:
        class_id = connection.execute(select(pupil.c.class_id).where(pupil.c.account_id == account_id)).scalar()
    return None if class_id is None else load_class(catalog, class_id)


def get_pupil(catalog: Engine, class_id: str, account_id: str) -> Pupil:
    """A pupil of a class. Raises NotFound."""
    for one in list_pupils(catalog, class_id):
        if one.account_id == account_id:
            return one
    raise NotFound("pupil_unknown", "There is no such pupil in this class. Choose one from the list.")


def list_pupil_packages(catalog: Engine, site_id: str) -> frozenset[str]:
    """The packages made from pupils' scans: they go with their class, so nothing else may rest on them."""
    sent = (scan.c.package_digest == package.c.digest) & (scan.c.length_bytes > 0)  # not merely started from
    query = (
        select(package.c.digest)
        .join(scan, (scan.c.id == package.c.scan_id) | sent)
        .join(pupil, pupil.c.account_id == scan.c.account_id)
        .where(package.c.site_id == site_id)
    )
    with catalog.connect() as connection:
        return frozenset(connection.execute(query).scalars())
