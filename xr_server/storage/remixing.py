"""A draft that starts from a published model: a scan of one's own without a file, and the scene and experience it shows."""

import uuid

import msgspec
from sqlalchemy import Engine, insert, update

from xr_server.domain.attachment import Wording, make_experience, propose_id
from xr_server.domain.catalog import Change, Name, Scene
from xr_server.domain.library import Work, details_from, node_from
from xr_server.domain.quota import check_quota
from xr_server.domain.restating import credit_of
from xr_server.errors import NotSignedIn
from xr_server.storage.audit import note
from xr_server.storage.catalog import write_revision
from xr_server.storage.organisations import take_turn
from xr_server.storage.quotas import load_standing
from xr_server.storage.scans import Owner
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import scan
from xr_server.storage.tokens import RandomBytes


def start_from(
    catalog: Engine, owner: Owner, what: tuple[Work, Wording], change: Change, random_bytes: RandomBytes
) -> str:
    """Begin a draft that shows a published package as it is; gives the id of the scan that stands for it.

    No byte is copied: the scene names the package by its digest. Raises TooLarge when owner or site keep as many scans
    as they may, NotSignedIn.
    """
    work, wording = what
    scan_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    details, record_id = details_from(work), propose_id(wording, scan_id)
    credit = credit_of(details)
    scene = Scene(id=record_id, landmark=wording.landmark, nodes=[node_from(work)], credit={"ja": credit, "en": credit})
    experience = make_experience(record_id, wording, None)
    with catalog.begin() as connection:
        take_turn(connection, owner.site_id)  # as a scan that is sent: counted one after the other
        there = update(account).where(account.c.id == owner.account_id).values(id=owner.account_id)
        if connection.execute(there).rowcount != 1:
            raise NotSignedIn("sign_in_first", "This account is not there any more. Nothing was begun.")
        check_quota(load_standing(connection, owner.site_id, owner.account_id, owner.defaults), 0)
        connection.execute(
            insert(scan).values(
                id=scan_id,
                site_id=owner.site_id,
                account_id=owner.account_id,
                file_name="",
                details=msgspec.json.encode(details).decode(),
                length_bytes=0,
                received_bytes=0,
                state="built",
                stage="done",
                progress=1.0,
                package_digest=work.digest,
                scene_id=record_id,
                created_at=change.at,
                updated_at=change.at,
            )
        )
        for kind, body in (("scene", scene), ("experience", experience)):
            write_revision(connection, Name(owner.site_id, kind, record_id), (body, None), change)
        note(connection, "work_started", Name(owner.site_id, "scan", scan_id), change, package=work.digest)
    return scan_id
