"""Classes and their pupils on both databases: codes and guessing, room that cannot be overrun, and deletion without a trace."""

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select, text

from tests.samples import GATE, SITE, add_package, make_scene, publish, wave_bytes
from tests.storage.test_scans import DETAILS
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Experience, Trigger
from xr_server.domain.media import Cue, Media
from xr_server.domain.quota import GB, Allowance, Defaults
from xr_server.domain.scan import Upload
from xr_server.domain.school import CODE_LIFE_MS, FREE_CLASS_GUESSES, ClassForm
from xr_server.errors import Busy, Conflict, NotFound, NotSignedIn, Stale, TooLarge
from xr_server.settings import read_settings
from xr_server.storage.accounts import HASHER, add_account, count_guess, sign_in
from xr_server.storage.api_tokens import issue_token
from xr_server.storage.builds import Outcome, claim_scan, save_outcome
from xr_server.storage.catalog import Name, load_record, save_records, set_states
from xr_server.storage.class_deletion import Leaving, delete_leaving, delete_over, find_going, find_traces
from xr_server.storage.classes import (
    Keeper,
    change_class,
    close_code,
    find_class,
    list_classes,
    list_receipts,
    make_class,
    new_id,
    renew_code,
    set_class_room,
)
from xr_server.storage.intake import take_in
from xr_server.storage.media import add_file, find_media_file
from xr_server.storage.media_library import Edit, save_media
from xr_server.storage.packages import drop_orphan
from xr_server.storage.previews import issue_preview
from xr_server.storage.pupils import (
    Knock,
    check_code,
    get_pupil,
    join_class,
    list_class_scans,
    list_pupils,
    make_pupils,
)
from xr_server.storage.quotas import SiteRoom, find_standing, save_site_room
from xr_server.storage.resets import issue_reset
from xr_server.storage.reviews import keep_note, make_why
from xr_server.storage.scans import Owner, attach_scene, create_scan, list_scans, save_received
from xr_server.storage.sessions import open_session
from xr_server.storage.tables import catalog_tables
from xr_server.storage.tables.scans import package

NOW = 1_795_485_600_000  # 2026-11-24
DAY_MS = 86_400_000
PASSWORD = "sakana sora taiko"
SAID = ClassForm("5-2", "Harbour School", "class", date(2027, 3, 31))


@pytest.fixture
def teacher(catalog):
    publish(catalog, SITE)
    publish(catalog, GATE)
    return add_account(catalog, NewAccount("dejima", "ota", "teacher", PASSWORD), NOW, secrets.token_bytes)


@pytest.fixture
def found(catalog, teacher):
    class_id = make_class(catalog, "dejima", SAID, Change(NOW, teacher), secrets.token_bytes)
    return find_class(catalog, Keeper("dejima", teacher), class_id)


@pytest.fixture
def settings(tmp_path):
    return read_settings({"DEJIMA_DATA_DIR": str(tmp_path)})


def join(catalog, found, name):
    return join_class(catalog, found, name, PASSWORD, (NOW, new_id(secrets.token_bytes)))


def test_nobody_waits_to_write_while_the_password_of_a_pupil_is_hashed(catalog, found, monkeypatch):
    hashed, hash_it = [], type(HASHER).hash

    def hash_while_another_writes(self, password):
        with catalog.begin() as connection:  # SQLite gives up after a while if the hash is made within a transaction
            count_guess(connection, "a" * 64, NOW)
        hashed.append(password)
        return hash_it(self, password)

    monkeypatch.setattr(type(HASHER), "hash", hash_while_another_writes)
    join(catalog, found, "Blue Swallow 27")
    assert hashed == [PASSWORD]


def knock(catalog, code, browser="one", at=NOW):
    return check_code(catalog, Knock(code, browser), at)


def test_a_code_opens_its_class_until_it_is_over_renewed_or_closed(catalog, teacher, found):
    change = Change(NOW, teacher)
    code = renew_code(catalog, found, change, secrets.token_bytes)
    assert knock(catalog, code.lower()).id == found.id
    newer = renew_code(catalog, found, change, secrets.token_bytes)
    with pytest.raises(NotFound):
        knock(catalog, code, "two")
    assert knock(catalog, newer).id == found.id
    with pytest.raises(NotFound):
        knock(catalog, newer, "late", at=NOW + CODE_LIFE_MS)
    close_code(catalog, found, change)
    with pytest.raises(NotFound):
        knock(catalog, newer, "three", at=NOW + CODE_LIFE_MS)
    with catalog.connect() as connection:  # only a hash of its second half was ever stored
        kept = " ".join(str(row) for table in catalog_tables.sorted_tables for row in connection.execute(select(table)))
    assert code[5:] not in kept and newer[5:] not in kept


def test_guessing_makes_a_browser_rest_and_nobody_else(catalog, teacher, found):
    code = renew_code(catalog, found, Change(NOW, teacher), secrets.token_bytes)
    wrong = code[:5] + ("AAAAA" if code[5:] != "AAAAA" else "CCCCC")
    for _ in range(5):
        with pytest.raises(NotFound):
            knock(catalog, wrong, "guesser")
    with pytest.raises(Busy):
        knock(catalog, code, "guesser")
    assert knock(catalog, code, "classmate").id == found.id


def test_guessing_from_many_browsers_makes_the_one_code_rest_and_another_class_goes_on(catalog, teacher, found):
    change = Change(NOW, teacher)
    code = renew_code(catalog, found, change, secrets.token_bytes)
    other = find_class(
        catalog, Keeper("dejima", teacher), make_class(catalog, "dejima", SAID, change, secrets.token_bytes)
    )
    others_code = renew_code(catalog, other, change, secrets.token_bytes)
    wrong = code[:5] + ("AAAAA" if code[5:] != "AAAAA" else "CCCCC")
    for number in range(FREE_CLASS_GUESSES + 5):
        with pytest.raises(NotFound):
            knock(catalog, wrong, f"browser {number}")
    with pytest.raises(Busy):
        knock(catalog, code, "classmate")
    assert knock(catalog, others_code, "elsewhere").id == other.id
    assert knock(catalog, renew_code(catalog, found, change, secrets.token_bytes), "classmate").id == found.id


def test_a_pupil_signs_in_by_the_pen_name_however_it_is_typed(catalog, found):
    account_id = join(catalog, found, "Blue Swallow 27")
    for typed in (
        "Blue Swallow 27",
        "blue swallow 27",
        "blueswallow27",
        "BLUE-SWALLOW-27",
        "ｂｌｕｅ ｓｗａｌｌｏｗ ２７",
    ):
        assert sign_in(catalog, typed, PASSWORD, NOW) == account_id
    with pytest.raises(NotSignedIn):
        sign_in(catalog, "blue swallow 28", PASSWORD, NOW)
    with pytest.raises(Conflict, match="another one"):
        join(catalog, found, "blue swallow 27")


def test_cards_make_as_many_pupils_with_names_of_their_own(catalog, teacher, found):
    made = make_pupils(catalog, found, (40, "ja"), Change(NOW, teacher), secrets.token_bytes)
    assert len({one.name for one in made}) == 40
    listed = list_pupils(catalog, found.id)
    assert [one.has_password for one in listed] == [False] * 40
    assert list_classes(catalog, Keeper("dejima", teacher))[0].pupils == 40
    with pytest.raises(NotFound):
        find_class(catalog, Keeper("dejima", "somebody else"), found.id)


def test_a_class_takes_no_more_pupils_than_it_may_have_however_many_come_at_once(catalog, teacher, found):
    for _ in range(2):
        make_pupils(catalog, found, (40, "ja"), Change(NOW, teacher), secrets.token_bytes)
    make_pupils(catalog, found, (18, "en"), Change(NOW, teacher), secrets.token_bytes)

    def one(number):
        try:
            return bool(join(catalog, found, f"Brave Crane {number}"))
        except Conflict as error:
            assert error.code == "class_full"
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 2
    with pytest.raises(Conflict, match="100 are the most"):
        make_pupils(catalog, found, (1, "ja"), Change(NOW, teacher), secrets.token_bytes)


SMALL = Defaults(Allowance(100, 3), Allowance(50, 2), Allowance(1000, 30))


def send(catalog, account_id, length, defaults=SMALL):
    owner = Owner("dejima", account_id, defaults)
    return create_scan(catalog, owner, Upload("wall.ply", DETAILS, length), NOW, secrets.token_bytes)


def race(catalog, accounts, length):
    """Uploads that begin at the same moment, one for each account named; gives how many were let in."""

    def one(account_id):
        try:
            return bool(send(catalog, account_id, length))
        except TooLarge:
            return False

    with ThreadPoolExecutor(len(accounts)) as pool:
        return sum(pool.map(one, accounts))


def test_uploads_that_begin_at_once_cannot_pass_an_accounts_room_together(catalog, teacher):
    assert race(catalog, [teacher] * 8, 40) == 2
    assert find_standing(catalog, "dejima", teacher, SMALL).kept == Allowance(80, 2)


def test_uploads_of_several_accounts_that_begin_at_once_cannot_pass_the_sites_room_together(catalog, teacher):
    others = [
        add_account(catalog, NewAccount("dejima", f"creator {n}", "creator", None), NOW, secrets.token_bytes)
        for n in range(8)
    ]
    save_site_room(catalog, "dejima", SiteRoom(site_bytes=150), Change(NOW))
    assert race(catalog, others, 40) == 3
    save_site_room(catalog, "dejima", SiteRoom(site_scans=5), Change(NOW))
    assert race(catalog, others, 1) == 2


def test_a_pupils_room_is_that_of_the_class_and_a_sites_what_an_administrator_said(catalog, teacher, found):
    pupil = join(catalog, found, "Red Gull 11")
    assert find_standing(catalog, "dejima", pupil, SMALL).allowed == Allowance(50, 2)
    set_class_room(catalog, found, (None, 5), Change(NOW))
    assert find_standing(catalog, "dejima", pupil, SMALL).allowed == Allowance(50, 5)
    save_site_room(catalog, "dejima", SiteRoom(account_bytes=7 * GB), Change(NOW))
    assert find_standing(catalog, "dejima", teacher, SMALL).allowed == Allowance(7 * GB, 3)
    assert find_standing(catalog, "dejima", pupil, SMALL).allowed == Allowance(50, 5)
    with pytest.raises(TooLarge):
        send(catalog, pupil, 51)


def fill(catalog, settings, found, name, content):
    """A pupil with a session, a link, a token, a built scan with its files, an experience, a note, a preview and sounds."""
    account_id = join(catalog, found, name)
    open_session(catalog, account_id, NOW, secrets.token_bytes)
    issue_reset(catalog, account_id, Change(NOW), secrets.token_bytes)
    issue_token(catalog, account_id, f"for {name}", NOW, secrets.token_bytes)
    with pytest.raises(NotSignedIn):
        sign_in(catalog, name, "a wrong password", NOW)
    scan_id = send(catalog, account_id, len(content), Defaults())
    original = settings.upload_dir / scan_id / "scan.ply"
    original.parent.mkdir(parents=True)
    original.write_bytes(content)
    compared = settings.comparison_dir / scan_id / "reference.glb"
    compared.parent.mkdir(parents=True)
    compared.write_bytes(content)
    save_received(catalog, scan_id, 0, len(content), NOW)
    lease, _ = claim_scan(catalog, "worker", NOW)
    digest = add_package(catalog, settings.package_dir, content)
    with catalog.begin() as connection:
        connection.execute(package.update().where(package.c.digest == digest).values(scan_id=scan_id))
    assert save_outcome(catalog, lease, Outcome("built", "done", package_digest=digest), NOW)
    scene = replace(make_scene(digest), id=f"wall-{scan_id[:8]}", credit={"ja": name, "en": name})
    words = {"en": f"The wall by {name}"}
    experience = Experience(
        id=scene.id, title=words, summary=words, landmark="water-gate", scene=scene.id, trigger=Trigger(kind="geofence")
    )
    save_records(catalog, "dejima", [(scene, None), (experience, None)], Change(NOW, account_id))
    attach_scene(catalog, scan_id, scene.id)
    about = Name("dejima", "experience", scene.id)
    with catalog.begin() as connection:
        praise = make_why("", f"Well done, {name}", secrets.token_bytes)
        keep_note(connection, (about, 1), praise, Change(NOW, found.teacher_id))
    issue_preview(catalog, about, found.teacher_id, NOW, secrets.token_bytes)
    bring_in_sounds(catalog, settings, account_id, (name, content[0]))
    return account_id, scan_id, digest, scene.id


def bring_in_sounds(catalog, settings, account_id, mark):
    """One sound in the library, and one that waits for its words."""
    name, level = mark
    cue = Cue(id="all", start_s=0, end_s=0.5, text={"en": f"{name} rings"})
    bell = Media(
        id=f"bell-{account_id[:8]}", file=f"bell-{account_id[:8]}.wav", title={"en": f"Bell of {name}"}, captions=[cue],
        creator=name, licence="CC0 1.0", provenance="fiction",
    )  # fmt: skip
    held = take_in(settings.intake_dir, account_id, wave_bytes(level=level), "sound")
    save_media(catalog, settings.package_dir, Owner("dejima", account_id), Edit(bell, None, held), NOW)
    take_in(settings.intake_dir, account_id, wave_bytes(0.3, level), "sound")


def everything_in(catalog, folder):
    """All that the tables hold but the audit log, all names of files and folders, and what is in files but databases."""
    with catalog.connect() as connection:
        tables = [table for table in catalog_tables.sorted_tables if table.name != "audit_entry"]
        rows = [str(tuple(row)) for table in tables for row in connection.execute(select(table))]
    paths = list(Path(folder).rglob("*"))
    files = [path.read_bytes() for path in paths if path.is_file() and ".sqlite3" not in path.name]
    return "\n".join([*rows, *(str(path) for path in paths), *(data.decode("utf-8", "replace") for data in files)])


def raw_bytes_of_databases(folder):
    """The files of SQLite with their logs, deleted pages included; nothing where another server keeps the tables."""
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*.sqlite3*") if path.is_file())


def test_deleting_a_class_leaves_no_trace_of_any_pupil_in_any_table_or_folder(catalog, settings, teacher, found):
    names = ["Blue Swallow 27", "あかいとんぼ31"]
    filled = [fill(catalog, settings, found, name, name.encode() * 3) for name in names]
    stays = fill(catalog, settings, find_other(catalog, teacher), "Green Frog 55", b"another class's")
    words = [found.id, *names, *(word for pupil in filled for word in pupil)]
    before = everything_in(catalog, settings.data_dir)
    assert [word for word in words if word not in before] == []
    if catalog.dialect.name == "sqlite":
        assert all(name.encode() in raw_bytes_of_databases(settings.data_dir) for name in names)

    leaving = Leaving(found, list_pupils(catalog, found.id), whole_class=True)
    going = find_going(catalog, leaving).figures
    assert (going["pupils"], going["scans"], going["packages"], going["experiences"], going["notes"]) == (2, 2, 2, 2, 2)
    assert (going["sessions"], going["links"], going["tokens"], going["previews"]) == (2, 2, 2, 2)
    went = delete_leaving(catalog, settings, leaving, Change(NOW, teacher))
    assert went == {**going, "left": 0}

    after = everything_in(catalog, settings.data_dir)
    assert [word for word in words if word in after] == []
    assert [word for word in stays if word not in after] == []
    assert [name for name in names if name.encode() in raw_bytes_of_databases(settings.data_dir)] == []
    with catalog.connect() as connection:  # the log goes on naming bare ids, which lead nowhere, and no pen name
        log = str(connection.execute(text("SELECT account_id, thing_id, details FROM audit_entry")).all())
    assert [name for name in names if name in log] == [] and found.id in log
    (receipt,) = list_receipts(catalog, Keeper("dejima", teacher))
    assert (receipt.class_name, receipt.went["pupils"], receipt.went["left"]) == ("5-2", 2, 0)


def find_other(catalog, teacher):
    class_id = make_class(catalog, "dejima", SAID, Change(NOW, teacher), secrets.token_bytes)
    return find_class(catalog, Keeper("dejima", teacher), class_id)


def test_every_table_that_names_an_account_is_emptied_of_a_pupil(catalog, settings, found):
    """Whatever table comes later: a row is put into each that has an account, and must be gone with the pupil."""
    account_id = join(catalog, found, "Calm Owl 12")
    tables = [
        table for table in catalog_tables.sorted_tables if "account_id" in table.c and table.name != "audit_entry"
    ]
    skipped = {
        "membership",
        "pupil",
        "record_revision",
        "review_note",
    }  # made by joining; told of records, tested above
    with catalog.begin() as connection:
        for table in tables:
            if table.name in skipped:
                continue
            values = {column.name: make_value(column, account_id) for column in table.c if not column.nullable}
            connection.execute(insert(table).values(**{**values, "account_id": account_id}))
    assert len(tables) >= 8
    leaving = Leaving(found, list_pupils(catalog, found.id), whole_class=False)
    delete_leaving(catalog, settings, leaving, Change(NOW))
    with catalog.connect() as connection:
        left = [t.name for t in tables if connection.execute(t.select().where(t.c.account_id == account_id)).first()]
    assert left == []


def make_value(column, account_id):
    kind = column.type.python_type
    if kind is str:
        return "{}" if column.name == "details" else account_id[: column.type.length or 36]
    return kind(0)


def test_what_is_published_has_to_be_withdrawn_before_a_class_can_go(catalog, settings, teacher, found):
    _, scan_id, _, scene_id = fill(catalog, settings, found, "Happy Fox 70", b"fox")
    names = [Name("dejima", kind, scene_id) for kind in ("scene", "experience")]
    set_states(catalog, [(name, 1, "published") for name in names], Change(NOW))
    leaving = Leaving(found, list_pupils(catalog, found.id), whole_class=True)
    assert set(find_going(catalog, leaving).published) == {("scene", scene_id), ("experience", scene_id)}
    with pytest.raises(Conflict, match="withdrawn first"):
        delete_leaving(catalog, settings, leaving, Change(NOW, teacher))
    assert sign_in(catalog, "Happy Fox 70", PASSWORD, NOW) and (settings.upload_dir / scan_id).is_dir()
    set_states(catalog, [(name, 1, "withdrawn") for name in names], Change(NOW))
    assert delete_leaving(catalog, settings, leaving, Change(NOW, teacher))["left"] == 0


def test_a_class_ends_by_itself_with_what_is_still_published_of_it_and_of_others_that_show_it(
    catalog, settings, teacher, found
):
    name = "Merry Bell 44"
    _, _, digest, scene_id = fill(catalog, settings, found, name, b"bell")
    names = [Name("dejima", kind, scene_id) for kind in ("scene", "experience")]
    set_states(catalog, [(one, 1, "published") for one in names], Change(NOW))
    publish(catalog, replace(make_scene(digest), id="somebody-elses"))
    last = NOW + (date(2027, 3, 31) - date(2026, 11, 24)).days * DAY_MS
    assert delete_over(catalog, settings, last + 30 * DAY_MS) == 0
    assert delete_over(catalog, settings, last + 31 * DAY_MS) == 1
    assert find_traces(catalog, settings, [found.id, name, scene_id]) == []
    assert not (settings.package_dir / digest).exists()
    assert load_record(catalog, Name("dejima", "scene", "somebody-elses")).state == "withdrawn"
    assert list_receipts(catalog, Keeper("dejima", teacher))[0].went["left"] == 0


def test_who_joins_while_a_class_is_looked_at_is_not_deleted_unseen_and_nobody_joins_what_is_gone(
    catalog, settings, teacher, found
):
    join(catalog, found, "Bright Lily 31")
    seen = Leaving(found, list_pupils(catalog, found.id), whole_class=True)
    join(catalog, found, "Quick Trout 32")
    with pytest.raises(Conflict, match="joined or left meanwhile"):
        delete_leaving(catalog, settings, seen, Change(NOW, teacher))
    assert len(list_pupils(catalog, found.id)) == 2
    again = Leaving(found, list_pupils(catalog, found.id), whole_class=True)
    delete_leaving(catalog, settings, again, Change(NOW, teacher))
    for step in (
        lambda: delete_leaving(catalog, settings, again, Change(NOW, teacher)),  # pressed twice
        lambda: join(catalog, found, "Small Wave 33"),
    ):
        with pytest.raises(NotFound):
            step()
    assert len(list_receipts(catalog, Keeper("dejima", teacher))) == 1


def test_one_pupil_goes_and_the_class_stays(catalog, settings, teacher, found):
    gone, *_ = fill(catalog, settings, found, "Warm Star 20", b"star")
    stays, scan_id, *_ = fill(catalog, settings, found, "Cool Moon 21", b"moon")
    leaving = Leaving(found, [get_pupil(catalog, found.id, gone)], whole_class=False)
    assert delete_leaving(catalog, settings, leaving, Change(NOW, teacher))["left"] == 0
    assert [one.account_id for one in list_pupils(catalog, found.id)] == [stays]
    assert [(one.scan.id, one.name, one.state) for one in list_class_scans(catalog, found.id)] == [
        (scan_id, "Cool Moon 21", "draft")
    ]
    with pytest.raises(NotSignedIn, match="not there any more"):
        send(catalog, gone, 1)
    assert list_scans(catalog, "dejima", gone) == []


def test_a_package_that_was_built_while_its_scan_was_deleted_goes_too(catalog, settings, teacher):
    digest = add_package(catalog, settings.package_dir, b"late")
    with catalog.begin() as connection:
        connection.execute(package.update().where(package.c.digest == digest).values(scan_id="gone"))
    assert drop_orphan(catalog, settings.package_dir, digest, "gone")
    assert not (settings.package_dir / digest).exists()
    scan_id = send(catalog, teacher, 5)
    kept = add_package(catalog, settings.package_dir, b"whole")
    with catalog.begin() as connection:
        connection.execute(package.update().where(package.c.digest == kept).values(scan_id=scan_id))
    assert not drop_orphan(catalog, settings.package_dir, kept, scan_id)


def test_a_file_that_the_content_names_too_outlives_the_class(catalog, settings, teacher, found):
    data = wave_bytes(level=7)
    bundled = Media(
        id="waves", file="waves.wav", title={"en": "Waves"}, creator="Dejima", licence="CC0 1.0", provenance="fiction",
        digest=hashlib.sha256(data).hexdigest(), size_bytes=len(data), duration_s=0.5,
    )  # fmt: skip
    publish(catalog, bundled)  # as an import does: nobody's, and so without a row that says whose
    add_file(settings.package_dir, bundled, data, None)
    account_id = join(catalog, found, "Calm Owl 12")
    bring_in_sounds(catalog, settings, account_id, ("Calm Owl 12", 7))
    leaving = Leaving(found, list_pupils(catalog, found.id), whole_class=True)
    assert delete_leaving(catalog, settings, leaving, Change(NOW, teacher))["left"] == 0
    kept = find_media_file(settings.package_dir, bundled.digest, bundled.file)
    assert kept is not None and kept.read_bytes() == data


def test_a_class_changed_meanwhile_is_not_changed_on_top(catalog, teacher, found):
    later = ClassForm("5-3", "", "pen_name", date(2027, 3, 30))
    change_class(catalog, found, later, Change(NOW, teacher))
    with pytest.raises(Stale):
        change_class(catalog, found, SAID, Change(NOW + 1, teacher))
    keeper = Keeper("dejima", teacher)
    assert find_class(catalog, keeper, found.id).said == later
    change_class(catalog, find_class(catalog, keeper, found.id), SAID, Change(NOW + 2, teacher))
    assert find_class(catalog, keeper, found.id).said == SAID
