"""A site as files: read whole and checked, imported once and for all, exported so that the same bytes come back."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from asset_pipeline.manifest import MANIFEST_FILE
from tests.samples import NOW, write_package
from xr_server.domain.account import NewAccount
from xr_server.domain.campaign import Aim, Campaign, Link
from xr_server.domain.catalog import Landmark, Site, TimelineEntry
from xr_server.domain.content_check import warn_of_heights
from xr_server.domain.questionnaire import After, Choice, Question, Questionnaire
from xr_server.domain.rally import Rally
from xr_server.errors import Conflict, Invalid, Stale
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import (
    Change,
    Name,
    kind_of,
    list_publications,
    load_published,
    load_record,
    publish_record,
    save_record,
    withdraw_record,
)
from xr_server.storage.content import copy_models, dump_content, read_content, write_content
from xr_server.storage.imports import import_records, withdraw_left
from xr_server.storage.media import copy_media, keep_media
from xr_server.storage.packages import Origin, load_packages, prefer_package, save_package
from xr_server.storage.tables.records import record_revision

ROOT = Path(__file__).resolve().parents[2]
DEJIMA = ROOT / "content" / "dejima"
SUIMON = Name("dejima", "landmark", "suimon")


@pytest.fixture(scope="module")
def content():
    return read_content(DEJIMA)


@pytest.fixture
def folder(tmp_path):
    """A copy of the content of Dejima to spoil, without the large models."""
    return shutil.copytree(DEJIMA, tmp_path / "dejima", ignore=shutil.ignore_patterns("*.glb"))


def edit(path: Path, change) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


def put_in(catalog, content, replace=False, at=NOW):
    return import_records(catalog, "dejima", content.records, replace, at)


def edit_as_staff(catalog, name=SUIMON):
    """Staff rename a record and publish it; gives the body they left."""
    stored = load_record(catalog, name)
    body = msgspec.structs.replace(stored.body, name={"ja": "水門", "en": "Gate on the water"})
    sato = add_account(catalog, NewAccount("dejima", "sato", "staff"), NOW, secrets.token_bytes)
    revision = save_record(catalog, "dejima", body, stored.revision, Change(NOW + 1, sato))
    publish_record(catalog, name, revision, Change(NOW + 1))
    return body


def in_order(records):
    return sorted(records, key=lambda record: (kind_of(record), record.id))


def add_model_package(catalog, folder, word, at):
    """A package of the bundled model water-gate, recorded at a moment; gives its digest."""
    digest = write_package(folder, word.encode())
    manifest = (folder / digest / MANIFEST_FILE).read_text(encoding="utf-8")
    save_package(catalog, digest, manifest, Origin("dejima", model="water-gate", cache_key=f"key of {word}"), at)
    return digest


# --- there and back


def test_the_committed_files_come_back_byte_for_byte_through_the_catalog(catalog, content, tmp_path):
    put_in(catalog, content)
    keep_media(tmp_path / "store", DEJIMA, content.records)
    records = load_published(catalog, "dejima")
    write_content(tmp_path / "out", records)
    copy_models(DEJIMA, tmp_path / "out")
    assert copy_media(tmp_path / "store", tmp_path / "out", records) == []
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {str(path.relative_to(DEJIMA)) for path in DEJIMA.rglob("*") if path.is_file()}
    for name in written:
        assert (tmp_path / "out" / name).read_bytes() == (DEJIMA / name).read_bytes(), name


def test_what_the_files_of_dejima_do_not_use_comes_back_too(content, tmp_path):
    site = next(record for record in content.records if isinstance(record, Site))
    twice = [TimelineEntry(year=1820, text={"ja": "一"}), TimelineEntry(year=1820, text={"en": "two", "ko": "둘"})]
    square = {"type": "Polygon", "coordinates": [[[129.87, 32.74], [129.88, 32.74], [129.88, 32.75], [129.87, 32.74]]]}
    quay = Landmark(id="quay", name={"nl": "Kade", "ja": ""}, category="wall", status="lost", geometry=square)
    quay = msgspec.structs.replace(quay, lat=32.744, lon=129.872, years={"built": "1636"})
    rally = Rally(
        id="autumn",
        title={"ja": "秋", "en": "Autumn"},
        summary={"nl": "Vijf stempels"},
        landmarks=["suimon", "quay"],
        order="fixed",
        first_on="2026-11-20",
        last_on="2026-11-30",
        stamps_needed=1,
        prize={"en": "A postcard"},
        collect_at={"en": "Museum shop"},
        collect_until="2026-12-06",
        proof="rotating",
    )
    campaign = Campaign(
        id="lantern-2027",
        title={"ja": "灯籠の夜", "en": "Lantern nights"},
        sentence={"nl": "Loop het eiland rond"},
        first_on="2027-02-05",
        last_on="2027-02-19",
        languages=["en", "ko"],
        partner="Café Umi",
        links=[
            Link(code="7K3MPA", to="rally", target="autumn", at="suimon", language="ko", source="a", medium="poster"),
            Link(code="9QQQQQ", to="coupon", source="nagasaki-city", medium="mail"),
        ],
        coupon={"en": "Tea"},
        collect_at={"en": "Café"},
        most_coupons=200,
        aims=[Aim(measure="coupons_used", number=50)],
    )
    asked = Questionnaire(
        id="year",
        title={"ja": "見学", "nl": "Bezoek"},
        first_on="2026-11-20",
        usual=["satisfaction"],
        questions=[
            Question(id="why", text={"en": "Why"}, several=True, after=After(question="satisfaction", choices=["1"]))
        ],
        choices=[Choice(id=mark, question="why", text={"ja": mark, "en": mark.upper()}) for mark in ("a", "b")],
    )
    records = [*content.records, quay, rally, campaign, asked]
    records[records.index(site)] = msgspec.structs.replace(site, timeline=twice)
    write_content(tmp_path, records)
    copy_models(DEJIMA, tmp_path)
    shutil.copytree(DEJIMA / "media", tmp_path / "media", dirs_exist_ok=True)
    again = read_content(tmp_path).records
    assert in_order(again) == in_order(records)


def test_an_export_removes_the_files_of_records_that_are_gone_and_nothing_else(content, folder):
    (folder / "experiences" / "old.json").write_text("{}", encoding="utf-8")
    (folder / "NOTES.md").write_text("mine", encoding="utf-8")
    write_content(folder, content.records)
    assert not (folder / "experiences" / "old.json").exists()
    assert (folder / "NOTES.md").read_text(encoding="utf-8") == "mine"
    assert read_content(folder).records == content.records


def test_an_export_does_not_write_into_a_folder_of_something_else(content, tmp_path):
    (tmp_path / "thesis.doc").write_text("chapter one", encoding="utf-8")
    with pytest.raises(Conflict, match="holds something else than the content of dejima"):
        write_content(tmp_path, content.records)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_site_that_is_not_published_cannot_be_exported(tmp_path):
    with pytest.raises(Conflict, match="nothing to export"):
        write_content(tmp_path / "out", [])
    assert not (tmp_path / "out").exists()


# --- importing


def test_the_first_import_publishes_everything(catalog, content):
    outcome = put_in(catalog, content)
    assert (len(outcome.created), outcome.changed) == (len(content.records), len(content.records))
    assert in_order(load_published(catalog, "dejima")) == in_order(content.records)
    assert list_publications(catalog) == {"dejima": 1}


def test_importing_an_unchanged_folder_changes_no_revision_and_no_publication(catalog, content):
    put_in(catalog, content)
    outcome = put_in(catalog, content, at=NOW + 1)
    assert (outcome.changed, len(outcome.unchanged), outcome.kept, outcome.left) == (0, len(content.records), [], [])
    assert list_publications(catalog) == {"dejima": 1}
    with catalog.connect() as connection:
        assert connection.execute(select(func.max(record_revision.c.revision))).scalar() == 1


def test_a_changed_word_gives_that_record_alone_a_new_revision(catalog, content, folder):
    put_in(catalog, content)
    edit(folder / "texts" / "en.json", lambda texts: texts["landmarks"]["suimon"].update(name="Water Gate"))
    outcome = put_in(catalog, read_content(folder), at=NOW + 1)
    assert (outcome.updated, outcome.created) == (["landmark suimon"], [])
    stored = load_record(catalog, SUIMON)
    assert (stored.revision, stored.published_revision, stored.body.name["en"]) == (2, 2, "Water Gate")
    assert list_publications(catalog) == {"dejima": 2}


def test_what_staff_edited_is_kept_and_said_until_replacing_is_asked_for(catalog, content):
    put_in(catalog, content)
    body = edit_as_staff(catalog)
    assert put_in(catalog, content).kept == ["landmark suimon"]
    assert load_record(catalog, SUIMON).body == body
    assert put_in(catalog, content, replace=True).updated == ["landmark suimon"]
    assert load_record(catalog, SUIMON).body in content.records
    assert put_in(catalog, content).kept == []


def test_what_staff_took_back_does_not_return_by_an_import(catalog, content):
    put_in(catalog, content)
    withdraw_record(catalog, SUIMON, 1, Change(NOW + 1))
    assert put_in(catalog, content).kept == ["landmark suimon"]
    assert load_record(catalog, SUIMON).state == "withdrawn"
    put_in(catalog, content, replace=True)
    assert load_record(catalog, SUIMON).state == "published"


def test_two_imports_at_once_make_every_record_once(catalog, content):
    def attempt(_):
        try:
            return put_in(catalog, content).changed
        except Stale as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)), key=str)
    assert outcomes.count(len(content.records)) == 1
    assert set(outcomes) <= {0, len(content.records), "imported_meanwhile", "stale_revision"}
    assert put_in(catalog, content).changed == 0
    assert list_publications(catalog) == {"dejima": 1}


def test_a_record_that_left_the_folder_stays_and_is_named(catalog, content):
    put_in(catalog, content)
    fewer = [record for record in content.records if record.id != "badminton"]
    outcome = import_records(catalog, "dejima", fewer, False, NOW + 1)
    assert (outcome.left, outcome.changed) == (["landmark badminton"], 0)
    assert load_record(catalog, Name("dejima", "landmark", "badminton")).state == "published"


def test_a_model_packaged_anew_is_published_even_when_no_record_changed(catalog, content, tmp_path):
    put_in(catalog, content)
    add_model_package(catalog, tmp_path, "the gate again", NOW + 5)
    assert put_in(catalog, content, at=NOW + 9).changed == 0
    assert list_publications(catalog) == {"dejima": 2}
    put_in(catalog, content, at=NOW + 10)
    assert list_publications(catalog) == {"dejima": 2}


def test_a_model_that_went_back_to_an_older_state_shows_its_older_package_again(catalog, tmp_path):
    older = add_model_package(catalog, tmp_path, "older", NOW)
    newer = add_model_package(catalog, tmp_path, "newer", NOW + 5)
    assert load_packages(catalog, "dejima")[1] == {"water-gate": newer}
    prefer_package(catalog, older, Origin("dejima", model="water-gate", cache_key="key of older"), NOW + 9)
    assert load_packages(catalog, "dejima")[1] == {"water-gate": older}


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from xr_server.storage.content import read_content
from xr_server.storage.database import open_engine
from xr_server.storage.imports import import_records, withdraw_left
from xr_server.storage.media import copy_media, keep_media
engine, left = open_engine(sys.argv[1]), [int(sys.argv[3])]
@event.listens_for(engine, "before_cursor_execute")
def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
import_records(engine, "dejima", read_content(Path(sys.argv[2])).records, False, 1)
"""


@pytest.mark.parametrize("statements", [5, 90])
def test_an_import_killed_in_the_middle_leaves_nothing_and_the_next_one_gives_the_whole(
    catalog, store_urls, content, statements
):
    command = [sys.executable, "-c", KILLED, store_urls[0], str(DEJIMA), str(statements)]
    killed = subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert load_published(catalog, "dejima") == []
    assert len(put_in(catalog, content).created) == len(content.records)


# --- bad input: a sentence that names file and place, and nothing imported

SPOILED = {
    "no JSON": (
        "seasons.json",
        lambda p: p.write_text('[\n  {"id": }\n]'),
        "seasons.json: line 2, column 10: this is not",
    ),
    "not UTF-8": ("site.json", lambda p: p.write_bytes(b'{"id": "\xff"}'), "site.json: cannot be read: 'utf-8'"),
    "a name twice": ("site.json", lambda p: p.write_text('{"id": "a", "id": "b"}'), "the name id stands twice"),
    "not a number": (
        "site.json",
        lambda p: p.write_text('{"id": NaN}'),
        "site.json: cannot be read: NaN is not a number",
    ),
    "nested deeply": ("seasons.json", lambda p: p.write_text("[" * 100_000), "seasons.json: nested too deeply"),
    "an array as site": ("site.json", lambda p: p.write_text("[]"), "site.json: must hold a JSON object"),
    "wrong type": (
        "seasons.json",
        lambda p: edit(p, lambda d: d[1]["rule"].update(duration_days="3")),
        "seasons.json: entry 2 (genbaku), rule.duration_days: Expected `int | null`, got `str`",
    ),
    "unknown field": ("schedules.json", lambda p: edit(p, lambda d: d[0].update(open="9")), "unknown field `open`"),
    "a bare word": ("schedules.json", lambda p: p.write_text("[3]"), "schedules.json: entry 1: must be a JSON object"),
    "a second one": ("seasons.json", lambda p: edit(p, lambda d: d.append(d[0])), "a second season called"),
    "unknown scene": (
        "experiences/water-gate-1820.json",
        lambda p: edit(p, lambda d: d.update(scene="water-gat-1820")),
        "experiences/water-gate-1820.json: scene: there is no scene called water-gat-1820",
    ),
    "file and id differ": (
        "experiences/water-gate-1820.json",
        lambda p: p.rename(p.with_name("gate.json")),
        "experiences/gate.json: id: the file must be called like the id",
    ),
    "unknown model": (
        "models/water-gate.json",
        lambda p: p.unlink(),
        "nodes, gate: there is no model called water-gate",
    ),
    "model without creator": (
        "models/water-gate.json",
        lambda p: edit(p, lambda d: d.pop("creator")),
        "models/water-gate.json: the whole: Object missing required field `creator`",
    ),
    "unknown season": (
        "schedules.json",
        lambda p: edit(p, lambda d: d[1]["days"].update(season="winter")),
        "days: there is no season called winter",
    ),
    "rule by the second": (
        "seasons.json",
        lambda p: edit(p, lambda d: d[1]["rule"].update(rrule="FREQ=SECONDLY")),
        "seasons.json: entry 2 (genbaku), rule: A rule may repeat by the day",
    ),
    "lat and lon swapped": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3]["geometry"]["coordinates"].reverse()),
        "landmarks.geojson: entry 4 (dogura), lat: Expected `float` <= 90.0",
    ),
    "far away": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3]["geometry"].update(coordinates=[32.7, 33.1])),
        "GeoJSON writes longitude first",
    ),
    "an outline that crosses itself": (
        "landmarks.geojson",
        lambda p: edit(
            p, lambda d: d["features"][3].update(geometry=polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]))
        ),
        "geometry: The line from corner 1 to 2 meets the one from 3 to 4.",
    ),
    "an outline that is not closed": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3].update(geometry=polygon([[0, 0], [1, 1], [1, 0]]))),
        "geometry: a ring of a polygon is a list of [longitude, latitude], the first one again at its end",
    ),
    "an outline in another country": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3].update(geometry=polygon([[0, 0], [1, 1], [1, 0], [0, 0]]))),
        "km from the site; GeoJSON writes longitude first",
    ),
    "no place for a geofence": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3].update(geometry=None)),
        "entry 4 (dogura), geofence: a geofence needs the landmark's point",
    ),
    "a narrow way out": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"][3]["properties"]["geofence"].update(leave_m=10.0)),
        "leave_m must be wider than enter_m",
    ),
    "no feature": ("landmarks.geojson", lambda p: p.write_text('{"type": "Feature"}'), "GeoJSON FeatureCollection"),
    "unknown zone": ("site.json", lambda p: edit(p, lambda d: d.update(time_zone="Asia/Dejima")), "not a time zone"),
    "a zone that is a path": (
        "site.json",
        lambda p: edit(p, lambda d: d.update(time_zone="../etc")),
        "not a time zone",
    ),
    "no such day": ("site.json", lambda p: edit(p, lambda d: d["quiet_days"].append("02-30")), "02-30 is not a day"),
    "unknown language": ("texts/en.json", lambda p: p.rename(p.with_name("fr.json")), "there is no language fr"),
    "words astray": (
        "texts/ja.json",
        lambda p: edit(p, lambda d: d["landmarks"].update(suimonn={"name": "水門"})),
        "texts/ja.json: landmarks.suimonn.name: belongs to nothing",
    ),
    "no words": (
        "texts/ja.json",
        lambda p: edit(p, lambda d: d["site"].update(name=3)),
        "site.name: words are expected",
    ),
    "words in the record": (
        "site.json",
        lambda p: edit(p, lambda d: d.update(name={"ja": "出島"})),
        "site.json: name: words stand in texts/ja.json",
    ),
    "nameless": (
        "landmarks.geojson",
        lambda p: edit(p, lambda d: d["features"].append({**d["features"][3], "id": "new"})),
        "a landmark needs a name in at least one language",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_slip_in_a_file_is_refused_with_the_file_and_the_place(folder, name):
    file, spoil, said = SPOILED[name]
    spoil(folder / file)
    with pytest.raises(Invalid) as refused:
        read_content(folder)
    assert said in refused.value.text
    assert "Nothing was imported" in refused.value.text


def test_all_slips_are_told_at_once_up_to_twenty(folder):
    edit(folder / "seasons.json", lambda seasons: [season.update(rule={"type": "dated", "x": 1}) for season in seasons])
    edit(folder / "landmarks.geojson", lambda d: [feature["properties"].update(y=1) for feature in d["features"]])
    with pytest.raises(Invalid) as refused:
        read_content(folder)
    assert len(refused.value.text.splitlines()) == 22
    assert "55 problems" in refused.value.text
    assert "and 35 more" in refused.value.text


def test_a_folder_without_a_site_is_no_content(tmp_path):
    with pytest.raises(Invalid, match=r"There is no site\.json in"):
        read_content(tmp_path)


def test_a_height_above_the_sea_is_pointed_out(content):
    site = next(record for record in content.records if isinstance(record, Site))
    low = msgspec.structs.replace(site, origin=msgspec.structs.replace(site.origin, h=2.5))
    assert warn_of_heights(content.records) == []
    assert "site dejima: the height 2.5 m looks like one above sea level" in warn_of_heights([low])[0]


def test_files_are_the_same_whatever_the_order_of_the_records(content):
    assert dump_content(list(reversed(content.records))) == dump_content(content.records)


def test_what_left_the_folder_can_be_taken_back_and_brought_again(catalog, content):
    put_in(catalog, content)
    fewer = [record for record in content.records if kind_of(record) != "hazard"]
    outcome = import_records(catalog, "dejima", fewer, replace=False, at=NOW + 1)
    assert outcome.left == ["hazard nakashima-river"]
    assert withdraw_left(catalog, "dejima", outcome, NOW + 2) == 1
    assert in_order(load_published(catalog, "dejima")) == in_order(fewer)
    assert list_publications(catalog)["dejima"] == 2
    again = import_records(catalog, "dejima", fewer, replace=False, at=NOW + 3)
    assert (again.changed, again.left) == (0, [])
    put_in(catalog, content, replace=True, at=NOW + 4)
    assert in_order(load_published(catalog, "dejima")) == in_order(content.records)
