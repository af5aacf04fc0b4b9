"""What licences allow, and which licence what is made may have."""

import pytest

from asset_pipeline.manifest import Credit
from tests.samples import make_manifest
from xr_server.domain.licence import check_may_start, find_fault, judge_use, may_start
from xr_server.domain.remix import MAX_CHAIN, BasedOn, check_works, link_to, say_link
from xr_server.errors import Conflict

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("licence", "use"),
    [
        ("CC0 1.0", "free"),
        ("PDDL 1.0", "free"),
        ("CC BY 4.0", "credit"),
        ("公共データ利用規約（第1.0版）", "credit"),
        ("CC BY-SA 4.0", "share_alike"),
        ("ODbL 1.0", "share_alike"),
        ("CC BY-NC 4.0", "not_commercial"),
        ("CC BY-NC-SA 4.0", "not_commercial_share_alike"),
        ("CC BY-ND 4.0", "no_derivatives"),
        ("CC BY-NC-ND 4.0", "no_derivatives"),
        ("© Kana, all rights reserved", "unknown"),
        (" ", "not_stated"),
    ],
)
def test_what_others_may_do(licence, use):
    assert judge_use(licence) == use
    closed = use in ("no_derivatives", "unknown", "not_stated")
    assert may_start(licence) != closed
    if closed:
        with pytest.raises(Conflict):
            check_may_start(licence)
    else:
        check_may_start(licence)


@pytest.mark.parametrize(
    ("source", "made", "fault"),
    [
        ("CC0 1.0", "All rights reserved", None),
        ("CC BY 4.0", "CC BY 4.0", None),
        ("CC BY 4.0", "CC BY-NC-SA 4.0", None),
        ("CC BY 4.0", "CC0 1.0", "licence_credit"),
        ("PDL 1.0", "PDDL 1.0", "licence_credit"),
        ("PDL 1.0", "CC BY 4.0", None),
        ("CC BY-SA 3.0", "CC BY-SA 4.0", None),
        ("CC BY-SA 4.0", "CC BY-SA 3.0", "licence_share_alike"),
        ("CC BY-SA 4.0", "CC BY 4.0", "licence_share_alike"),
        ("CC BY-SA 4.0", "CC BY-NC-SA 4.0", "licence_share_alike"),
        ("CC BY-SA 4.0", "mine", "licence_share_alike"),
        ("ODbL 1.0", "CC BY-SA 4.0", "licence_share_alike"),
        ("CC BY-NC 4.0", "CC BY-NC-SA 4.0", None),
        ("CC BY-NC 4.0", "CC BY 4.0", "licence_not_commercial"),
        ("CC BY-NC 4.0", "mine", "licence_not_commercial"),
        ("CC BY-ND 4.0", "CC BY-ND 4.0", "licence_no_derivatives"),
        ("mine", "CC BY 4.0", "licence_unknown"),
    ],
)
def test_which_licence_what_is_made_may_have(source, made, fault):
    assert find_fault(source, made) == fault


def link(package, licence="CC BY 4.0"):
    return BasedOn(package=package, title="Gate", creator="Kana", licence=licence)


def test_a_chain_goes_all_the_way_back_and_names_each_work_once():
    chain = link_to(A, "gate-1820", Credit("Roof", "Haru", "CC BY-SA 4.0"), (link(B), link(A)))
    assert [one.package for one in chain] == [A, B]
    assert (chain[0].scene, chain[0].creator) == ("gate-1820", "Haru")
    assert say_link(chain[0]) == f"Based on: Roof (Haru, CC BY-SA 4.0), package {A}"
    long = tuple(link(f"{number:064x}") for number in range(MAX_CHAIN))
    with pytest.raises(Conflict):
        link_to(A, None, Credit(), long)


def test_a_scene_is_held_against_every_work_its_models_were_made_from():
    manifest = make_manifest(b"glTF")  # CC-BY-4.0
    check_works([(A, (link(B),)), (None, (link(B),))], {A: manifest}, set())
    with pytest.raises(Conflict) as alike:
        check_works([(A, (link(B), link("c" * 64, "CC BY-SA 4.0")))], {A: manifest}, set())
    assert alike.value.code == "licence_share_alike"
    with pytest.raises(Conflict) as stopped:
        check_works([(A, (link(B),))], {A: manifest}, {B})
    assert stopped.value.code == "source_stopped"
    with pytest.raises(Conflict) as gone:
        check_works([(A, ())], {A: manifest}, {A})
    assert gone.value.code == "package_stopped"
