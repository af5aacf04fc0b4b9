"""What the desk's calendar is drawn from, on both databases: drafts or what visitors see, and never another site's."""

import pytest
from msgspec.structs import replace

from tests.samples import EXPERIENCE, GATE, NOW, SITE, add_package, publish
from xr_server.domain.catalog import Scene
from xr_server.domain.season import OnDates, Schedule
from xr_server.storage.catalog import Change, Name, load_record, save_record, withdraw_record
from xr_server.storage.plans import load_ground, load_plan

SCENE = Scene(id="gate-1820", landmark="water-gate", nodes=[])
WHO = Change(NOW)
DATES = Schedule(id="wall", experience=EXPERIENCE.id, days=OnDates(ranges=[("2027-02-05", "2027-02-07")]))
LATER = replace(DATES, days=OnDates(ranges=[("2027-02-12", "2027-02-14")]))


@pytest.fixture(autouse=True)
def planned(catalog):
    """An experience with dates, both published, and the dates changed since."""
    for body in (SITE, GATE, EXPERIENCE, DATES):
        publish(catalog, body)
    revision = load_record(catalog, Name("dejima", "schedule", "wall")).revision
    save_record(catalog, "dejima", LATER, revision, WHO)


def schedules(plan):
    return [(one.body, one.draft) for one in plan.schedules]


def test_with_drafts_it_is_what_stands_there_and_without_what_visitors_see(catalog):
    assert schedules(load_plan(catalog, "dejima", drafts=True)) == [(LATER, True)]
    assert schedules(load_plan(catalog, "dejima", drafts=False)) == [(DATES, False)]
    plan = load_plan(catalog, "dejima", drafts=True)
    assert plan.landmarks == {GATE.id: GATE} and plan.experiences[EXPERIENCE.id].draft is False


def test_what_was_never_published_or_taken_back_is_in_neither_or_in_the_drafts_alone(catalog):
    save_record(catalog, "dejima", replace(DATES, id="wall-2"), None, WHO)
    assert [body.id for body, _ in schedules(load_plan(catalog, "dejima", drafts=True))] == ["wall", "wall-2"]
    assert [body.id for body, _ in schedules(load_plan(catalog, "dejima", drafts=False))] == ["wall"]
    withdraw_record(catalog, Name("dejima", "schedule", "wall"), 2, WHO)
    assert [body.id for body, _ in schedules(load_plan(catalog, "dejima", drafts=True))] == ["wall-2"]
    assert schedules(load_plan(catalog, "dejima", drafts=False)) == []


def test_another_site_has_a_plan_of_its_own(catalog):
    assert schedules(load_plan(catalog, "elsewhere", drafts=True)) == []


def test_the_ground_has_scenes_packages_and_models_of_the_site(catalog, tmp_path):
    digest = add_package(catalog, tmp_path)
    save_record(catalog, "dejima", SCENE, None, WHO)
    ground = load_ground(catalog, SITE, drafts=True)
    assert ground.scenes == {SCENE.id: SCENE} and ground.packages == {digest} and ground.languages == SITE.languages
    assert load_ground(catalog, SITE, drafts=False).scenes == {}
    assert load_ground(catalog, replace(SITE, id="elsewhere"), drafts=True).packages == set()
