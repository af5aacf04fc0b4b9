"""A site with a thousand scans in its queue, in every state, a thousand published models, and the pages that show them."""

import secrets
import statistics
import sys
import time

from bench_site import ROOT
from sqlalchemy import Engine, insert, select, update
from upload_site import FIELDS, SITE_ID, UploadSite

from xr_server.app import system_clock
from xr_server.domain.catalog import Experience, Node, Placement, Scene, State, Trigger
from xr_server.domain.scan import Upload, parse_details
from xr_server.storage.catalog import Change, Name, kind_of, save_record, set_state
from xr_server.storage.database import open_engine
from xr_server.storage.scans import Owner, create_scan
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import package, scan

WORKS = 1000  # of the library, beside the scans
SCANS, CREATORS = 1000, 3  # nobody may keep more than five hundred
# of a hundred scans
STATES = (
    ("waiting",) * 40 + ("built",) * 40 + ("rejected",) * 8 + ("receiving",) * 6 + ("failed",) * 3 + ("cancelled",) * 3
)
ATTACHED_EVERY = 4  # of those that are built
PLACE = Placement(lat=32.7437, lon=129.8723, h=36.0, heading_deg=90, accuracy_m=15)


def fill_queue(site: UploadSite) -> dict[str, str]:
    """A thousand scans of three creators, each fourth built one in review; gives by state the id of one that the first
    creator has sent, and a scene's."""
    catalog, now = open_engine(f"sqlite:///{site.data_dir / 'catalog.sqlite3'}"), system_clock()
    with catalog.connect() as connection:
        creators = select(account.c.id).where(account.c.name.startswith("creator-")).order_by(account.c.name)
        owners = [Owner(SITE_ID, account_id) for account_id in connection.scalars(creators)]
    shown: dict[str, str] = {}
    for number in range(SCANS):
        state, at = STATES[number * 37 % len(STATES)], now - 60_000 * (SCANS - number)
        upload = Upload(f"wall-{number}.ply", parse_details({**FIELDS, "title": f"Wall {number}"}), 9)
        owner = owners[number % CREATORS]
        scan_id = create_scan(catalog, owner, upload, at, secrets.token_bytes)
        if owner == owners[0]:
            shown[state] = scan_id
        values: dict[str, object] = {"state": state}
        if state == "built":
            values["package_digest"] = _add_package(catalog, site, scan_id, number)
            if number % ATTACHED_EVERY == 0:
                change = Change(at, owner.account_id)
                values["scene_id"] = shown["scene"] = _put(
                    catalog, str(values["package_digest"]), number, change, "in_review"
                )
        with catalog.begin() as connection:
            connection.execute(update(scan).where(scan.c.id == scan_id).values(**values))
    catalog.dispose()
    return shown


def fill_library(site: UploadSite) -> str:
    """A thousand models that visitors are shown, each in a scene of its own; gives the digest of one."""
    catalog, change, digest = open_engine(f"sqlite:///{site.data_dir / 'catalog.sqlite3'}"), Change(system_clock()), ""
    for number in range(SCANS, SCANS + WORKS):
        digest = _add_package(catalog, site, f"work-{number}", number)
        _put(catalog, digest, number, change, "published")
    catalog.dispose()
    return digest


def _add_package(catalog: Engine, site: UploadSite, scan_id: str, number: int) -> str:
    sys.path.append(str(ROOT))
    from tests.samples import write_package

    digest = write_package(site.data_dir / "packages", b"glTF of wall %d" % number)
    manifest = (site.data_dir / "packages" / digest / "manifest.json").read_text(encoding="utf-8")
    values = {"site_id": SITE_ID, "scan_id": scan_id, "manifest": manifest, "created_at": 1}
    with catalog.begin() as connection:
        connection.execute(insert(package).values(digest=digest, **values))
    return digest


def _put(catalog: Engine, digest: str, number: int, change: Change, state: State) -> str:
    name = f"wall-{number}"
    scene = Scene(id=name, landmark="house-1", nodes=[Node(id="wall", package=digest, placement=PLACE)])
    title = {"ja": f"石垣{number}", "en": f"Wall {number}"}
    trigger = Trigger(kind="geofence")
    for body in (scene, Experience(id=name, landmark="house-1", scene=name, title=title, trigger=trigger)):
        revision = save_record(catalog, SITE_ID, body, None, change)
        set_state(catalog, Name(SITE_ID, kind_of(body), body.id), revision, state, change)
    return name


def measure_pages(site: UploadSite, rounds: int) -> None:
    """Ask for each page in turn; median and p99 of the whole answer, of 200 ms at most."""
    shown, work = fill_queue(site), fill_library(site)
    pages = {
        "/studio/": "creator",
        f"/studio/scans/{shown['waiting']}": "creator",
        f"/studio/scans/{shown['built']}": "creator",
        "/studio/?whose=all": "staff",
        "/desk/": "staff",
        f"/desk/records/experience/{shown['scene']}": "staff",
        "/studio/library": "creator",
        f"/studio/library/{work}": "creator",
        "/studio/media": "creator",
    }
    took: dict[str, list[float]] = {path: [] for path in pages}
    connection = site.connect()
    for number in range(rounds + 1):
        for path, role in pages.items():
            started_s = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"dejima_session={site.sessions[role]}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                sys.exit(f"{path}: {answer.status}")
            if number:  # the first round loads templates
                took[path].append(1000 * (time.perf_counter() - started_s))
    for path, values in took.items():
        name = path.replace(shown["waiting"], "(one that waits)").replace(shown["built"], "(a built one)")
        name = name.replace(shown["scene"], "(one in review)").replace(work, "(one model)")
        p99 = sorted(values)[int(0.99 * len(values))]
        print(
            f"{name} of {SCANS} scans and {WORKS} models: median {statistics.median(values):.0f} ms, p99 {p99:.0f} ms, "
            "of 200 at most"
        )
