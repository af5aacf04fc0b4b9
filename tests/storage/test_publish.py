import gzip
import json
import logging
import threading
from datetime import date
from pathlib import Path

import brotli
import pytest
from msgspec.structs import replace as change
from sqlalchemy import make_url, update

from tests.conftest import run_alone
from tests.samples import EXPERIENCE, GATE, HOUR_MS, NOW, SITE, Clock, add_package, make_scene, publish
from xr_server.domain.season import Always, InSeason, Schedule
from xr_server.errors import NotFound
from xr_server.storage.catalog import Change as Edit
from xr_server.storage.catalog import Name, load_record, publish_record, save_record, withdraw_record
from xr_server.storage.database import open_engine
from xr_server.storage.publish import OLD_SNAPSHOT_FILE, SNAPSHOT_DIR, has_snapshot, read_snapshot
from xr_server.storage.published import POLL_S, PublishedSites
from xr_server.storage.tables.records import record_revision


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    return tmp_path / "packages"


@pytest.fixture
def serve(store, clock):
    """Starts PublishedSites over a catalog; all are stopped at the end."""
    running = []

    def start(catalog):
        running.append(PublishedSites(catalog, store, clock))
        running[-1].start()
        return running[-1]

    yield start
    for published in running:
        published.stop()


@pytest.fixture
def digest(catalog, store):
    """A published site with one scene; gives its package."""
    name = add_package(catalog, store)
    for body in (SITE, GATE, make_scene(name), EXPERIENCE):
        publish(catalog, body)
    return name


def wait_for(condition) -> None:
    """Wait for what another thread does, without an assumption on how long."""
    ended = threading.Event()
    for _ in range(600):
        if condition():
            return
        ended.wait(0.05)
    pytest.fail("it never happened")


def test_the_documents_are_the_published_records_in_each_language(catalog, digest, serve):
    published = serve(catalog)
    assert published.site("dejima", "ja").document["landmarks"][0]["name"] == "水門"
    assert published.site("dejima", "en").document["landmarks"][0]["name"] == "Water Gate"
    assert published.site("dejima", None).document["language"] == "ja"
    assert published.scene("dejima", "gate-1820", "en").document["nodes"][0]["package"] == digest
    assert published.may_fetch(digest)
    (listed,) = published.snapshot.index.document["sites"]
    assert (listed["id"], listed["languages"], listed["revision"]) == ("dejima", ["ja", "en"], 4)


def test_each_form_says_the_same_and_has_a_strong_quoted_tag_of_its_own(catalog, digest, serve):
    compiled = serve(catalog).site("dejima", "ja")
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
    bodies = {unpack[form.encoding](form.body) for form in compiled.forms}
    assert [json.loads(body) for body in bodies] == [compiled.document]
    tags = [form.etag for form in compiled.forms]
    assert len(set(tags)) == 3
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


def test_unknown_names_are_refused_with_what_there_is(catalog, digest, serve):
    published = serve(catalog)
    for ask, code, told in (
        (lambda: published.site("hirado", "ja"), "site_unknown", "dejima"),
        (lambda: published.site("dejima", "ko"), "language_unknown", "ja, en"),
        (lambda: published.scene("dejima", "none", "ja"), "scene_unknown", "none"),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert refused.value.code == code
        assert told in refused.value.text


def test_a_publication_by_another_process_is_served_within_a_second(catalog, digest, serve, store_urls):
    published = serve(catalog)
    elsewhere = open_engine(store_urls[0])
    publish(elsewhere, change(GATE, name={"en": "Sea Gate"}), 1)
    elsewhere.dispose()
    wait_for(lambda: published.site("dejima", "en").document["landmarks"][0]["name"] == "Sea Gate")
    assert POLL_S <= 0.5  # the watching thread looks this often


def test_at_local_midnight_the_documents_are_compiled_for_the_new_day(catalog, digest, serve, clock):
    published = serve(catalog)
    clock.at = NOW + 13 * HOUR_MS - 1  # one millisecond before midnight in Nagasaki
    published.refresh()
    before = published.site("dejima", "ja")
    assert before.document["compiled_for_on"] == "2026-11-24"
    clock.at += 1
    published.refresh()
    after = published.site("dejima", "ja")
    assert after.document["compiled_for_on"] == "2026-11-25"
    assert after.etag != before.etag
    assert after.document["revision"] == before.document["revision"]


def test_what_has_not_changed_is_not_compiled_again(catalog, digest, serve):
    published = serve(catalog)
    before = published.snapshot
    published.refresh()
    assert published.snapshot is before


def test_a_withdrawn_scenes_package_is_remembered_as_withdrawn_even_by_the_next_server(catalog, digest, serve):
    published = serve(catalog)
    withdraw_record(catalog, Name("dejima", "scene", "gate-1820"), 1, Edit(NOW))
    published.refresh()
    assert not published.may_fetch(digest)
    assert published.was_withdrawn(digest)
    assert published.site("dejima", "ja").document["experiences"] == []
    assert serve(catalog).was_withdrawn(digest)
    publish(catalog, make_scene(digest), 1)
    published.refresh()
    assert published.may_fetch(digest)
    assert not published.was_withdrawn(digest)


def test_a_withdrawn_site_is_gone(catalog, digest, serve):
    published = serve(catalog)
    withdraw_record(catalog, Name("dejima", "site", "dejima"), 1, Edit(NOW))
    published.refresh()
    assert dict(published.snapshot.sites) == {}


def test_a_draft_changes_nothing_for_visitors(catalog, digest, serve):
    published = serve(catalog)
    before = published.site("dejima", "en").etag
    save_record(catalog, "dejima", change(GATE, name={"en": "Draft"}), 1, Edit(NOW))
    published.refresh()
    assert published.site("dejima", "en").etag == before


def test_one_record_that_cannot_be_compiled_leaves_the_last_good_documents(catalog, digest, serve, caplog):
    published = serve(catalog)
    revision = publish(catalog, change(SITE, time_zone="Asia/Atlantis"), 1)
    with caplog.at_level(logging.ERROR, "dejima.publish"):
        published.refresh()
        published.refresh()
    assert published.site("dejima", "ja").document["site"]["time_zone"] == "Asia/Tokyo"
    assert len([line for line in caplog.messages if "cannot be compiled" in line]) == 1  # said once, not at each look
    publish(catalog, SITE, revision)
    published.refresh()
    assert published.site("dejima", "ja").document["revision"] == 6


def test_a_server_starts_although_what_is_published_cannot_be_compiled(catalog, digest, serve):
    serve(catalog)
    with catalog.begin() as connection:
        connection.execute(update(record_revision).where(record_revision.c.kind == "site").values(body="{}"))
    publish(catalog, GATE, 1)
    assert serve(catalog).site("dejima", "ja").document["site"]["id"] == "dejima"


def test_a_fault_in_one_schedule_is_told_to_the_operator(catalog, digest, serve, caplog):
    publish(catalog, Schedule(id="lost", experience="gate-visit", days=InSeason(season="gone")))
    with caplog.at_level(logging.WARNING, "dejima.publish"):
        serve(catalog)
    assert any("season gone" in line for line in caplog.messages)


def test_a_server_starts_from_the_file_while_the_database_is_away_and_recovers(
    catalog, digest, serve, store_urls, away
):
    serve(catalog)
    catalog.dispose()
    away.take()
    published = serve(catalog)
    assert published.snapshot.from_file
    assert published.site("dejima", "en").document["landmarks"][0]["name"] == "Water Gate"
    assert published.may_fetch(digest)
    away.give_back()
    published.refresh()
    assert not published.snapshot.from_file
    publish(catalog, change(GATE, name={"en": "Sea Gate"}), 1)
    published.refresh()
    assert published.site("dejima", "en").document["landmarks"][0]["name"] == "Sea Gate"


def test_a_running_server_serves_on_while_the_database_is_away_and_recovers(catalog, digest, serve, away):
    published = serve(catalog)
    away.take()
    published.refresh()
    assert published.snapshot.from_file
    assert published.site("dejima", "ja").document["revision"] == 4
    away.give_back()
    published.refresh()
    assert not published.snapshot.from_file


def test_an_emptier_database_in_its_place_takes_nothing_away_from_visitors(catalog, digest, serve, caplog):
    published = serve(catalog)
    with catalog.begin() as connection:
        connection.exec_driver_sql("DELETE FROM publication")
    with caplog.at_level(logging.WARNING, "dejima.publish"):
        published.refresh()
    assert published.snapshot.from_file
    assert published.site("dejima", "ja").document["revision"] == 4
    assert any("knows nothing of dejima" in line for line in caplog.messages)


def test_the_file_holds_all_that_is_served(catalog, digest, serve, store):
    published = serve(catalog)
    again = read_snapshot(store)
    assert again.from_file
    assert again.sites == published.snapshot.sites
    assert again.index == published.snapshot.index


@pytest.mark.parametrize("file", [OLD_SNAPSHOT_FILE, f"{SNAPSHOT_DIR}/dejima.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"dejima": {}}', b'{"dejima": 1}', b"\xff"])
def test_a_broken_snapshot_file_does_not_keep_a_server_from_starting(tmp_path, content, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(content)
    assert has_snapshot(tmp_path)
    assert dict(read_snapshot(tmp_path).sites) == {}


def test_a_store_that_cannot_be_written_does_not_keep_a_publication_from_visitors(
    catalog, digest, serve, store, caplog
):
    published = serve(catalog)
    file = store / SNAPSHOT_DIR / "dejima.json"
    file.unlink()
    file.mkdir()
    (file / "in the way").touch()
    publish(catalog, change(GATE, name={"en": "Sea Gate"}), 1)
    published.refresh()
    assert published.site("dejima", "en").document["landmarks"][0]["name"] == "Sea Gate"
    assert not published.snapshot.from_file
    assert any("could not be written" in line for line in caplog.messages)


def test_the_local_date_is_the_earliest_among_the_sites(catalog, digest, serve, clock):
    published = serve(catalog)
    clock.at = NOW + 14 * HOUR_MS
    assert published.local_date() == date(2026, 11, 25)
    away = change(SITE, id="new-york", time_zone="America/New_York")
    revision = save_record(catalog, "new-york", away, None, Edit(NOW))
    publish_record(catalog, Name("new-york", "site", "new-york"), revision, Edit(NOW))
    published.refresh()
    assert published.local_date() == date(2026, 11, 24)


@pytest.fixture
def away(store_urls, request):
    """Takes the database away and gives it back: the SQLite files are moved, PostgreSQL refuses to connect."""
    if store_urls[0].startswith("sqlite"):
        yield Moved(store_urls[0].removeprefix("sqlite:///"))
    else:
        server = request.getfixturevalue("postgres_url")
        refusing = Refusing(server, str(make_url(store_urls[0]).database))
        yield refusing
        refusing.give_back()  # also when the test failed: the next ones use the same database


class Moved:
    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.kept = self.path.with_name("kept")

    def take(self) -> None:
        self.kept.mkdir()
        for file in self.path.parent.glob(self.path.name + "*"):
            file.rename(self.kept / file.name)

    def give_back(self) -> None:
        for file in self.kept.iterdir():
            file.rename(self.path.with_name(file.name))


class Refusing:
    def __init__(self, server: str, name: str) -> None:
        self.server, self.name = server, name

    def take(self) -> None:
        run_alone(self.server, f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        run_alone(self.server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'")

    def give_back(self) -> None:
        run_alone(self.server, f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")


def test_the_fixture_takes_the_database_away_for_real(catalog, away):
    away.take()
    with pytest.raises(Exception):  # noqa: B017 - which one depends on the database
        load_record(catalog, Name("dejima", "site", "dejima"))
    away.give_back()
    with pytest.raises(NotFound):
        load_record(catalog, Name("dejima", "site", "dejima"))


def test_a_snapshot_of_a_version_without_pictures_and_signs_that_kept_all_sites_in_one_file_is_served(
    catalog, digest, serve, store
):
    published = serve(catalog)
    published.stop()
    path = store / SNAPSHOT_DIR / "dejima.json"
    site = json.loads(path.read_bytes())
    for name in ("media", "captions", "codes"):
        assert site.pop(name) == {}
    (store / OLD_SNAPSHOT_FILE).write_text(json.dumps({"dejima": site}), encoding="utf-8")
    path.unlink()
    kept = read_snapshot(store).sites["dejima"]
    assert (kept.digests, dict(kept.media), dict(kept.codes)) == ({digest}, {}, {})
    publish(catalog, change(GATE, name={"en": "Sea Gate"}), 1)
    published.refresh()
    assert path.is_file()
    assert not (store / OLD_SNAPSHOT_FILE).exists()


def test_a_change_of_dates_at_one_of_many_sites_rebuilds_and_writes_nothing_else(catalog, digest, serve, store):
    for number in range(5):
        site_id = f"place-{number}"
        revision = save_record(catalog, site_id, change(SITE, id=site_id), None, Edit(1))
        publish_record(catalog, Name(site_id, "site", site_id), revision, Edit(1))
    published = serve(catalog)
    before = published.snapshot.sites
    written = {path.name: path.stat().st_mtime_ns for path in (store / SNAPSHOT_DIR).iterdir()}
    assert len(written) == 6
    evenings = Schedule(id="evenings", experience="gate-visit", days=Always(), opens_at="18:00", closes_at="21:00")
    publish(catalog, evenings, None)
    published.refresh()
    after = published.snapshot.sites
    assert {name for name in after if after[name] is not before[name]} == {"dejima"}
    assert {
        path.name for path in (store / SNAPSHOT_DIR).iterdir() if path.stat().st_mtime_ns != written[path.name]
    } == {"dejima.json"}
    assert all(after["dejima"].scenes[key] is held for key, held in before["dejima"].scenes.items())
    assert before["dejima"].scenes
    assert len(published.site("dejima", "en").document["experiences"][0]["occurrences"]) > 50
    assert read_snapshot(store).sites == after
