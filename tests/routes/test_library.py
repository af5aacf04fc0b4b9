"""Starting from others' published models: what licences allow, the maker named all along, and what happens when rights end it."""

import base64
import dataclasses
import hashlib
import json
import secrets

import pytest

from asset_pipeline.manifest import MANIFEST_FILE, Credit, dump_manifest, manifest_digest
from tests.routes.conftest import DETAILS, PASSWORD, REPORT, post_form
from tests.routes.forms import attach, submit
from tests.routes.test_classes import join, make_code, work_of
from tests.samples import NOW, make_manifest
from xr_server.domain.account import NewAccount
from xr_server.domain.attachment import Wording
from xr_server.domain.catalog import Change, Experience, Name, Node, Placement, Scene, Trigger
from xr_server.domain.remix import BasedOn
from xr_server.domain.scan import build_metadata
from xr_server.errors import NotFound, NotSignedIn
from xr_server.routes.rights import find_work
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import load_record, save_record
from xr_server.storage.packages import Origin, save_package
from xr_server.storage.quotas import SiteRoom, save_site_room
from xr_server.storage.remixing import start_from
from xr_server.storage.scans import Owner, list_scans, load_scan

PLACE = Placement(lat=32.7437, lon=129.8723, h=36.0, heading_deg=90, accuracy_m=15)


def add_work(world, name, licence, based_on=(), published=True):
    """A package of haru's that visitors are shown; gives its digest."""
    content = f"glTF of {name}".encode()
    manifest = dataclasses.replace(make_manifest(content), credit=Credit(name, "Haru", licence))
    data = dump_manifest(manifest)
    digest = manifest_digest(data)
    folder = world.settings.package_dir / digest
    folder.mkdir(parents=True)
    for file, bytes_ in (
        (MANIFEST_FILE, data),
        ("lod0.glb", content),
        ("plain.glb", content),
        ("poster.webp", b"RIFF"),
    ):
        (folder / file).write_bytes(bytes_)
    (folder / "report.json").write_text(json.dumps(REPORT), encoding="utf-8")
    save_package(world.catalog, digest, data.decode(), Origin("dejima"), NOW)
    if published:
        slug = hashlib.sha256(content).hexdigest()[:8]
        node = Node(id="it", package=digest, placement=PLACE, based_on=list(based_on))
        world.publish(Scene(id=f"s-{slug}", landmark="water-gate", nodes=[node]))
        title = {"en": f"{name} at the gate", "ja": f"{name}（水門）"}
        trigger = Trigger(kind="geofence")
        world.publish(
            Experience(id=f"s-{slug}", title=title, landmark="water-gate", scene=f"s-{slug}", trigger=trigger)
        )
    refresh(world)
    return digest


def refresh(world):
    world.app.state.parts.published.refresh()


def start(client, digest, **typed):
    path = f"/studio/library/{digest}"
    return submit(client, client.get(path).text, f"{path}/start", **typed)


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


@pytest.fixture
def started(world, kana):
    """Her draft that starts from a model under CC BY; (scan, digest)."""
    digest = add_work(world, "Roof", "CC BY 4.0")
    answer = start(kana, digest)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"].partition("?")[0]
    return load_scan(world.catalog, "dejima", path.rsplit("/", 1)[1]), digest


def publish_draft(sato, scan):
    path = f"/desk/records/experience/{scan.scene_id}"
    return submit(sato, sato.get(path).text, path, step="publish")


def read(client, address):
    return client.get(address, headers={"Accept": "application/json"})


def test_the_library_says_of_each_published_model_what_others_may_do(world, kana):
    add_work(world, "Roof", "CC BY 4.0")
    closed = add_work(world, "Wall", "all mine")
    add_work(world, "Secret", "CC0 1.0", published=False)
    page = kana.get("/studio/library").text
    assert "2 models." in page and "Secret" not in page
    assert "You may use and change it, and name its maker." in page and "belongs to its maker alone" in page
    assert "One model." in kana.get("/studio/library?q=roof+haru").text
    assert "no such model" in kana.get("/studio/library?q=stable").text
    shown = kana.get(f"/studio/library/{closed}").text
    assert "/start" not in shown and "/studio/upload/from/" not in shown
    assert kana.get("/studio/library?page=x&q=%00").status_code == 200


@pytest.mark.parametrize(
    ("licence", "words"),
    [("CC BY-ND 4.0", "may be shown but not changed"), ("all mine", "belongs to its maker alone"), ("", "no licence")],
)
def test_nobody_starts_from_what_does_not_allow_it(world, kana, licence, words):
    digest = add_work(world, "Wall", licence)
    answer = post_form(kana, f"/studio/library/{digest}/start", landmark="water-gate", title_en="Mine", title_ja="私の")
    assert answer.status_code == 409 and words in answer.text
    assert kana.get(f"/studio/upload/from/{digest}").status_code == 409
    assert list_scans(world.catalog, "dejima", world.accounts["kana"]) == []


def test_a_draft_shows_the_same_package_and_names_its_maker(world, kana, started):
    scan, digest = started
    before = sorted(path.name for path in world.settings.package_dir.iterdir())
    scene = load_record(world.catalog, Name("dejima", "scene", scan.scene_id)).body
    (node,) = scene.nodes
    assert (node.package, node.placement) == (digest, PLACE)
    source = f"s-{hashlib.sha256(b'glTF of Roof').hexdigest()[:8]}"
    assert node.based_on == [BasedOn(package=digest, scene=source, title="Roof", creator="Haru", licence="CC BY 4.0")]
    assert scene.credit["en"] == "Haru, CC BY 4.0"
    offer = load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).body
    assert (offer.title["en"], offer.landmark) == ("Roof at the gate", "water-gate")
    page = kana.get(f"/studio/scans/{scan.id}?done=started").text
    assert "Your draft is begun" in page and "“Roof” by Haru, CC BY 4.0" in page and "0 B" not in page
    assert sorted(path.name for path in world.settings.package_dir.iterdir()) == before


def test_what_the_model_says_of_itself_is_not_the_borrowers_to_change(kana, started):
    scan, digest = started
    assert f"/studio/scans/{scan.id}/details" not in kana.get(f"/studio/scans/{scan.id}").text
    assert kana.get(f"/studio/scans/{scan.id}/details").status_code == 409
    answer = post_form(
        kana, f"/studio/scans/{scan.id}/details", digest=digest, creator="Kana", title="x", licence="CC0"
    )
    assert answer.status_code == 409 and "somebody else" in answer.text


def test_words_and_landmark_that_are_missing_are_asked_for_and_nothing_is_begun(world, kana):
    digest = add_work(world, "Roof", "CC BY 4.0")
    answer = start(kana, digest, title_ja="", title_en="")
    assert answer.status_code == 400 and "title" in answer.text
    assert start(kana, digest, landmark="nowhere", title_en="Kept words").status_code == 400
    assert list_scans(world.catalog, "dejima", world.accounts["kana"]) == []


def test_the_draft_goes_the_usual_way_to_visitors(world, kana, sato, started):
    scan, digest = started
    attach(kana, scan.id, title_en="My roof")
    answer = submit(kana, kana.get(f"/studio/scans/{scan.id}").text, f"/studio/scans/{scan.id}/review")
    assert answer.status_code == 303
    assert publish_draft(sato, scan).status_code == 303
    refresh(world)
    guest = world.visitor()
    scene = read(guest, f"/api/v1/sites/dejima/scenes/{scan.scene_id}?lang=en").json()
    (link,) = scene["nodes"][0]["based_on"]
    assert (link["package"], link["licence_url"]) == (digest, "https://creativecommons.org/licenses/by/4.0/")
    page = guest.get(f"/en/dejima/experiences/{scan.scene_id}").text
    assert "Model: Haru; licence: CC BY 4.0" in page


def upload(client, tus, **said):
    details = {
        **{name: getattr(DETAILS, name) for name in ("title", "creator", "licence", "lat", "lon", "height")},
        **said,
    }
    pairs = ",".join(
        f"{name} {base64.b64encode(str(value).encode()).decode()}"
        for name, value in {**details, "filename": "roof.glb"}.items()
    )
    headers = tus(Upload_Length="9", Upload_Metadata=pairs)
    return client.post("/api/v1/uploads", headers={**headers, "Accept": "application/json"})


def test_a_model_changed_elsewhere_comes_back_with_all_it_was_made_from(world, kana, tus):
    first = BasedOn(package="b" * 64, title="Beam", creator="Emi", licence="CC BY-SA 4.0")
    digest = add_work(world, "Roof", "CC BY-SA 4.0", based_on=[first])
    page = kana.get(f"/studio/library/{digest}").text
    assert "Load it down as glTF" in page and "“Beam” by Emi, CC BY-SA 4.0" in page
    form = kana.get(f"/studio/upload/from/{digest}").text
    assert f'name="based_on" value="{digest}"' in form and "choose the same licence" in form
    refused = upload(kana, tus, based_on=digest, licence="CC BY 4.0")
    assert (refused.status_code, refused.json()["code"]) == (409, "licence_share_alike")
    sent = upload(kana, tus, based_on=digest, licence="CC BY-SA 4.0")
    assert sent.status_code == 201
    (scan,) = list_scans(world.catalog, "dejima", world.accounts["kana"])
    assert [(link.title, link.package) for link in scan.details.based_on] == [("Roof", digest), ("Beam", "b" * 64)]
    sources = build_metadata(scan.details)["sources"]
    assert sources[0] == f"Based on: Roof (Haru, CC BY-SA 4.0), package {digest}" and "Emi" in sources[1]


@pytest.mark.parametrize("named", ["c" * 64, "roof", ""])
def test_a_work_that_nobody_is_shown_is_nobodys_source(kana, tus, named):
    answer = upload(kana, tus, based_on=named)
    assert answer.status_code == {"c" * 64: 404, "roof": 400, "": 201}[named]


def derived(world, kana, licence):
    """Her built scan, made from one under CC BY-SA, attached: a draft."""
    source = add_work(world, "Roof", "CC BY-SA 4.0")
    digest = add_work(world, "My roof", licence, published=False)
    scan = world.built_scan("kana")
    attach(kana, scan.id)
    scan = load_scan(world.catalog, "dejima", scan.id)
    stored = load_record(world.catalog, Name("dejima", "scene", scan.scene_id))
    link = BasedOn(package=source, title="Roof", creator="Haru", licence="CC BY-SA 4.0")
    node = Node(id="scan", package=digest, placement=PLACE, based_on=[link])
    body = Scene(id=scan.scene_id, landmark="water-gate", nodes=[node])
    save_record(world.catalog, "dejima", body, stored.revision, Change(world.clock()))
    return scan, source, digest


def test_share_alike_is_held_against_at_hand_in_and_at_publication(world, kana, sato):
    scan, _, _ = derived(world, kana, "CC BY 4.0")
    path = f"/studio/scans/{scan.id}"
    answer = submit(kana, kana.get(path).text, f"{path}/review")
    assert answer.status_code == 409 and "under the same licence" in answer.text
    assert load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).state == "draft"
    answer = publish_draft(sato, scan)
    assert answer.status_code == 409 and "under the same licence" in answer.text


def test_a_fitting_licence_is_handed_in_and_visitors_read_the_chain_in_their_language(world, kana, sato):
    scan, source, _ = derived(world, kana, "CC BY-SA 4.0")
    path = f"/studio/scans/{scan.id}"
    assert submit(kana, kana.get(path).text, f"{path}/review").status_code == 303
    assert (
        "Made from</dt><dd><p>“Roof” by Haru, CC BY-SA 4.0"
        in sato.get(f"/desk/records/experience/{scan.scene_id}").text
    )
    assert publish_draft(sato, scan).status_code == 303
    refresh(world)
    guest = world.visitor()
    page = guest.get(f"/en/dejima/experiences/{scan.scene_id}").text
    assert "Made from “Roof” by Haru" in page and "licenses/by-sa/4.0/" in page
    assert "Haruの「Roof」をもとに作られました" in guest.get(f"/ja/dejima/experiences/{scan.scene_id}").text
    # the source's own scene is withdrawn in the ordinary way: what was made from it stays, and so does the chain
    scene = f"s-{hashlib.sha256(b'glTF of Roof').hexdigest()[:8]}"
    desk = f"/desk/records/experience/{scene}"
    assert submit(sato, sato.get(desk).text, desk, step="withdraw").status_code == 303
    refresh(world)
    assert guest.get(f"/packages/{source}/lod0.glb").status_code == 410
    assert "Made from “Roof” by Haru" in guest.get(f"/en/dejima/experiences/{scan.scene_id}").text


def test_withdrawn_for_rights_it_goes_from_every_scene_and_so_does_what_was_made_from_it(world, kana, sato):
    scan, source, digest = derived(world, kana, "CC BY-SA 4.0")
    borrowed = start(kana, source).headers["location"].partition("?")[0].rsplit("/", 1)[1]
    borrowed = load_scan(world.catalog, "dejima", borrowed)
    for one in (scan, borrowed):
        assert publish_draft(sato, one).status_code == 303
    refresh(world)
    guest = world.visitor()
    files = (f"/packages/{source}/lod0.glb", f"/packages/{digest}/lod0.glb")
    assert [guest.get(file).status_code for file in files] == [200, 200]
    preview = post_form(kana, f"/studio/scans/{scan.id}/preview").text
    link = preview.split("http://localhost")[1].split("<")[0].strip()
    assert guest.get(f"{link}en/").status_code == 200
    path = f"/desk/packages/{source}/stop"
    page = sato.get(f"/desk/packages/{source}").text
    assert scan.scene_id in page and borrowed.scene_id in page
    assert submit(sato, page, path).status_code == 400
    assert submit(sato, page, path, reason="A museum holds the rights.").status_code == 303
    refresh(world)
    assert [guest.get(file).status_code for file in files] == [410, 410]
    assert read(guest, "/api/v1/sites/dejima?lang=en").json()["experiences"] == []
    assert guest.get(f"/en/dejima/experiences/{scan.scene_id}").status_code == 404
    for one in (scan, borrowed):
        assert "A museum holds the rights." in kana.get(f"/studio/scans/{one.id}").text
        assert "took “" in (inbox := kana.get("/inbox").text) and "A museum holds the rights." in inbox
    assert kana.get("/inbox").text.count("away from visitors for rights") == 2
    assert "sato took back" in world.sign_in("mori").get("/inbox").text  # whoever else publishes
    assert "sato took back" not in sato.get("/inbox").text
    assert "Visitors do not see the scene" in sato.get(f"/desk/records/scene/{scan.scene_id}").text
    # nothing of it comes back by another door
    assert publish_draft(sato, scan).status_code == 409
    assert kana.get(f"/studio/library/{source}").status_code == 404
    assert guest.get(f"{link}en/").status_code == 409
    assert post_form(kana, f"/studio/scans/{scan.id}/preview").status_code == 409
    assert post_form(sato, path, reason="Again.").status_code == 409
    # a mistake is put right
    assert post_form(sato, f"/desk/packages/{source}/release").status_code == 303
    refresh(world)
    assert [guest.get(file).status_code for file in files] == [200, 200]
    assert post_form(sato, f"/desk/packages/{source}/release").status_code == 409


def test_a_pupil_starts_from_others_but_nothing_starts_from_a_pupil(world, kana):
    ota = world.accounts["ota"] = add_account(
        world.catalog, NewAccount("dejima", "ota", "teacher", PASSWORD), world.clock(), secrets.token_bytes
    )
    assert ota
    teacher = world.sign_in("ota")
    made = submit(teacher, teacher.get("/desk/classes").text, "/desk/classes", name="5-2", school="Harbour School")
    path = made.headers["location"].partition("?")[0]
    child, name = join(world, make_code(teacher, path))
    digest = add_work(world, "Roof", "CC BY 4.0")
    answer = start(child, digest)
    assert answer.status_code == 303 and child.get("/studio/portfolio").status_code == 403
    assert child.get("/studio/permissions").status_code == 403
    scan = load_scan(world.catalog, "dejima", work_of(world, child, name))
    node = Node(id="it", package=scan.package_digest, placement=PLACE)
    world.publish(Scene(id="of-a-pupil", landmark="water-gate", nodes=[node]))
    refresh(world)
    guest = world.visitor()
    assert guest.get(f"/packages/{scan.package_digest}/lod0.glb").status_code == 200
    page = kana.get("/studio/library").text
    assert digest in page and scan.package_digest not in page
    assert kana.get(f"/studio/library/{scan.package_digest}").status_code == 404


def test_a_class_that_goes_leaves_the_models_its_pupils_started_from(world):
    add_account(world.catalog, NewAccount("dejima", "ota", "teacher", PASSWORD), world.clock(), secrets.token_bytes)
    teacher = world.sign_in("ota")
    made = submit(teacher, teacher.get("/desk/classes").text, "/desk/classes", name="5-2", school="Harbour School")
    path = made.headers["location"].partition("?")[0]
    child, _ = join(world, make_code(teacher, path))
    digest = add_work(world, "Roof", "CC BY 4.0")
    begun = start(child, digest).headers["location"].partition("?")[0].rsplit("/", 1)[1]
    submit(teacher, teacher.get(f"{path}/delete").text, f"{path}/delete")
    refresh(world)
    with pytest.raises(NotFound):
        load_scan(world.catalog, "dejima", begun)
    assert world.visitor().get(f"/packages/{digest}/lod0.glb").status_code == 200


def test_who_keeps_as_many_scans_as_are_allowed_starts_from_no_work(world, kana):
    digest = add_work(world, "Roof", "CC BY 4.0")
    save_site_room(world.catalog, "dejima", SiteRoom(account_scans=1), Change(world.clock()))
    assert start(kana, digest).status_code == 303
    refused = start(kana, digest, title_en="My roof")
    assert (
        refused.status_code == 413
        and "as many scans as are allowed" in refused.text
        and 'value="My roof"' in refused.text
    )
    assert len(list_scans(world.catalog, "dejima", world.accounts["kana"])) == 1


def test_an_account_that_was_deleted_meanwhile_starts_nothing(world):
    work = find_work(world.app.state.parts, "dejima", add_work(world, "Roof", "CC BY 4.0"))
    wording = Wording("water-gate", {"en": "Mine"}, {})
    with pytest.raises(NotSignedIn):
        start_from(world.catalog, Owner("dejima", "gone"), (work, wording), Change(NOW, "gone"), secrets.token_bytes)
    assert list_scans(world.catalog, "dejima", None) == []
