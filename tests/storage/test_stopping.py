"""Packages taken back for rights, on both databases: all that is of the same work goes with one, and nothing else."""

import secrets

import pytest

from asset_pipeline.manifest import dump_manifest, manifest_digest
from tests.benches import DETAILS
from tests.samples import GATE, NOW, SITE, make_manifest, make_scene, publish
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.portfolio import CreatorPage, Portfolio, propose_slug, read_portfolio
from xr_server.domain.scan import Upload
from xr_server.errors import Conflict, Invalid, NotFound
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import list_publications, save_record
from xr_server.storage.news import Recipient, list_news
from xr_server.storage.packages import Origin, save_package
from xr_server.storage.people import Handing, close_account, hand_over, reopen_account, set_role
from xr_server.storage.portfolios import list_creator_pages, load_portfolio, save_portfolio
from xr_server.storage.reviews import load_note_texts
from xr_server.storage.scans import Owner, attach_scene, create_scan
from xr_server.storage.stopping import find_stop, list_touched, load_stopped, release_package, stop_package

CHANGE = Change(NOW, "sato")


def add(catalog, content, **origin):
    data = dump_manifest(make_manifest(content))
    digest = manifest_digest(data)
    save_package(catalog, digest, data.decode(), Origin("dejima", **origin), NOW)
    return digest


@pytest.fixture
def digests(catalog):
    """Two packages of one scan, two of one model, and one of nobody's."""
    found = [add(catalog, b"one", scan_id="s"), add(catalog, b"one again", scan_id="s")]
    found += [add(catalog, b"model", model="gate"), add(catalog, b"model, newer", model="gate")]
    return [*found, add(catalog, b"alone")]


def name(digest):
    return Name("dejima", "package", digest)


def test_every_package_of_the_same_scan_or_model_is_stopped_and_no_other(catalog, digests):
    assert load_stopped(catalog, "dejima") == frozenset()
    stop_package(catalog, name(digests[1]), "A museum's.", CHANGE, secrets.token_bytes)
    assert load_stopped(catalog, "dejima") == set(digests[:2])
    stop_package(catalog, name(digests[2]), "Theirs.", CHANGE, secrets.token_bytes)
    assert load_stopped(catalog, "dejima") == set(digests[:4])
    assert load_stopped(catalog, "hirado") == frozenset()
    assert find_stop(catalog, "dejima", digests[0]).reason == "A museum's."
    assert find_stop(catalog, "dejima", digests[4]) is None
    # said otherwise after it was stopped, it is the same scan still
    again = add(catalog, b"one, said otherwise", scan_id="s")
    assert again in load_stopped(catalog, "dejima")
    with pytest.raises(Conflict):
        stop_package(catalog, name(again), "Again.", CHANGE, secrets.token_bytes)
    release_package(catalog, name(again), CHANGE)
    assert load_stopped(catalog, "dejima") == set(digests[2:4])
    with pytest.raises(Conflict):
        release_package(catalog, name(digests[4]), CHANGE)
    with pytest.raises(NotFound):
        stop_package(catalog, name("f" * 64), "Nothing.", CHANGE, secrets.token_bytes)


def test_every_server_learns_of_it_and_so_does_the_log(catalog, digests):
    publish(catalog, SITE)
    before = list_publications(catalog)["dejima"]
    stop_package(catalog, name(digests[4]), "Theirs.", CHANGE, secrets.token_bytes)
    release_package(catalog, name(digests[4]), CHANGE)
    assert list_publications(catalog)["dejima"] == before + 2
    entries = list_entries(catalog, "dejima", Wanted(kind="package"), 10)
    assert [entry.deed for entry in entries] == ["package_released", "package_stopped"]


def test_the_scenes_that_would_go_are_named_beforehand(catalog, digests):
    for body in (SITE, GATE, make_scene(digests[1])):
        publish(catalog, body)
    assert [scene.id for scene in list_touched(catalog, "dejima", digests[0])] == ["gate-1820"]
    assert list_touched(catalog, "dejima", digests[2]) == []
    save_record(catalog, "dejima", make_scene(digests[2]), 1, Change(NOW))  # a draft; visitors see the one before
    for digest in (digests[0], digests[2]):
        assert [(scene.id, scene.revision) for scene in list_touched(catalog, "dejima", digest)] == [("gate-1820", 2)]


@pytest.fixture
def kana(catalog):
    account = add_account(catalog, NewAccount("dejima", "kana", "creator", "water gate 1820"), NOW, secrets.token_bytes)
    return Owner("dejima", account)


def told(catalog, account_id, *landmarks, publishes=False):
    who = Recipient("dejima", account_id, publishes, frozenset(landmarks))
    return [(entry.deed, entry.kind, entry.thing_id) for entry in list_news(catalog, who, 10)]


def test_those_whose_work_went_and_those_who_must_act_are_told(catalog, kana):
    staff = {
        name: add_account(catalog, NewAccount("dejima", name, "staff", "water gate 1820"), NOW, secrets.token_bytes)
        for name in ("sato", "mori")
    }
    scans = [create_scan(catalog, kana, Upload(f"{name}.ply", DETAILS, 4), NOW, secrets.token_bytes) for name in "ab"]
    shown, unshown = (add(catalog, scan.encode(), scan_id=scan) for scan in scans)
    for body in (SITE, GATE, make_scene(shown)):
        publish(catalog, body)
    attach_scene(catalog, scans[0], "gate-1820")
    by_sato = Change(NOW + 1, staff["sato"])
    stop_package(catalog, name(shown), "A museum's.", by_sato, secrets.token_bytes)
    assert told(catalog, kana.account_id)[0] == ("stopped_for_rights", "scene", "gate-1820")
    (entry,) = list_news(catalog, Recipient("dejima", kana.account_id, False), 1)
    assert list(load_note_texts(catalog, {entry.details["note"]}).values()) == ["A museum's."]
    gone = [("package_stopped", "package", shown)]
    assert told(catalog, staff["sato"], publishes=True) == []
    assert told(catalog, staff["mori"], publishes=True) == gone
    assert told(catalog, staff["mori"], GATE.id, publishes=True) == gone
    assert told(catalog, staff["mori"], "elsewhere", publishes=True) == []
    stop_package(catalog, name(unshown), "Theirs too.", by_sato, secrets.token_bytes)
    assert told(catalog, kana.account_id)[0] == ("stopped_for_rights", "scan", scans[1])
    release_package(catalog, name(shown), by_sato)
    assert told(catalog, kana.account_id)[0] == ("let_go_again", "scene", "gate-1820")
    assert told(catalog, staff["mori"], publishes=True)[0] == ("package_released", "package", shown)


def test_a_page_is_off_until_its_owner_switches_it_on_and_off_again(catalog, kana):
    assert load_portfolio(catalog, kana) == Portfolio() and list_creator_pages(catalog, "dejima") == []
    save_portfolio(catalog, kana, Portfolio(True, "kana-m", "Kana M."), CHANGE)
    assert load_portfolio(catalog, kana) == Portfolio(True, "kana-m", "Kana M.")
    assert list_creator_pages(catalog, "dejima") == [CreatorPage("kana-m", "Kana M.", frozenset())]
    save_portfolio(catalog, kana, Portfolio(False, "kana-m", "Kana M."), CHANGE)
    assert list_creator_pages(catalog, "dejima") == []


def test_servers_learn_of_all_that_a_page_depends_on_and_of_nothing_else(catalog, kana):
    sato = add_account(catalog, NewAccount("dejima", "sato", "creator", "water gate 1820"), NOW, secrets.token_bytes)
    add_account(catalog, NewAccount("dejima", "mori", "admin", "water gate 1820"), NOW, secrets.token_bytes)
    steps = (
        lambda: set_role(catalog, "dejima", kana.account_id, "clerk", CHANGE),
        lambda: set_role(catalog, "dejima", kana.account_id, "creator", CHANGE),
        lambda: hand_over(catalog, Handing("dejima", kana.account_id, sato), CHANGE),
        lambda: hand_over(catalog, Handing("dejima", sato, kana.account_id), CHANGE),
        lambda: close_account(catalog, "dejima", kana.account_id, CHANGE),
        lambda: reopen_account(catalog, "dejima", kana.account_id, CHANGE),
    )
    for shown, counted in ((False, 0), (True, 1)):
        save_portfolio(catalog, kana, Portfolio(shown, "kana", "Kana"), CHANGE)
        for step in steps:
            before = list_publications(catalog)["dejima"]
            step()
            assert list_publications(catalog)["dejima"] == before + counted


def test_an_address_is_one_persons_and_a_closed_account_or_another_role_has_no_page(catalog, kana):
    haru = add_account(catalog, NewAccount("dejima", "haru", "admin", "water gate 1820"), NOW, secrets.token_bytes)
    save_portfolio(catalog, kana, Portfolio(True, "kana", "Kana"), CHANGE)
    with pytest.raises(Conflict):
        save_portfolio(catalog, Owner("dejima", haru), Portfolio(True, "kana", "Haru"), CHANGE)
    save_portfolio(catalog, Owner("dejima", haru), Portfolio(False, "", ""), CHANGE)
    set_role(catalog, "dejima", kana.account_id, "clerk", CHANGE)
    assert list_creator_pages(catalog, "dejima") == []
    set_role(catalog, "dejima", kana.account_id, "creator", CHANGE)
    assert len(list_creator_pages(catalog, "dejima")) == 1
    close_account(catalog, "dejima", kana.account_id, CHANGE)
    assert list_creator_pages(catalog, "dejima") == []


@pytest.mark.parametrize(
    ("shown", "slug", "name"),
    [(True, "", "Kana"), (True, "kana", ""), (True, "かな", "Kana"), (False, "../x", ""), (True, "a" * 41, "Kana"),
     (True, "kana", "K\n"), (True, "kana", "K" * 81), (True, "-kana", "Kana")],
)  # fmt: skip
def test_what_cannot_stand_in_an_address_or_on_a_page_is_refused(shown, slug, name):
    if name == "K\n":
        name = "K\nana"
    with pytest.raises(Invalid):
        read_portfolio(shown, slug, name)


def test_what_is_off_may_be_empty_and_an_address_is_proposed():
    assert read_portfolio(False, "", "") == Portfolio()
    assert read_portfolio(True, " Kana-M ", " 森かな ") == Portfolio(True, "kana-m", "森かな")
    assert (propose_slug("Kana Mori"), propose_slug("森")) == ("kana-mori", "")
