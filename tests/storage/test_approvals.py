"""Questions between two organisations, on both databases: answered once, never about something else than was seen."""

import secrets
import threading

import pytest
from msgspec.structs import replace

from tests.samples import make_scene
from xr_server.domain.account import NewAccount
from xr_server.domain.approval import Extent, Part, Rule, find_rule, may_edit, reaches
from xr_server.domain.catalog import Change, Experience, Landmark, Name, Trigger
from xr_server.domain.media import Media
from xr_server.domain.season import Always, Schedule
from xr_server.errors import Conflict, DejimaError, Forbidden, Invalid
from xr_server.storage.accounts import add_account
from xr_server.storage.approvals import approve, ask_approval, count_questions, give_back, list_questions, load_question
from xr_server.storage.catalog import load_record, publish_record, save_record, withdraw_record
from xr_server.storage.news import Recipient, list_news
from xr_server.storage.organisations import make_organisation
from xr_server.storage.partners import count_publishers, end_rule, list_rules, make_rule
from xr_server.storage.people import set_organisation
from xr_server.storage.reviews import Seen, make_why, take_step

NOW = 1_780_000_000_000
GATE = Name("dejima", "experience", "gate")


def body(title):
    return Experience(id="gate", title={"en": title}, landmark="gate", scene="gate", trigger=Trigger(kind="geofence"))


@pytest.fixture
def people(catalog):
    """The ids of two organisations and of somebody of each; what the city publishes needs the operator."""
    ids = {}
    for name, kind in (("city", "city"), ("operator", "operator")):
        ids[name] = make_organisation(catalog, "dejima", (name, kind), Change(NOW), secrets.token_bytes)
        new = NewAccount("dejima", f"of-{name}", "admin", "water gate 1820")
        ids[f"of-{name}"] = add_account(catalog, new, NOW, secrets.token_bytes)
        set_organisation(catalog, "dejima", ids[f"of-{name}"], ids[name], Change(NOW))
    make_rule(catalog, "dejima", (ids["city"], ids["operator"], Extent()), Change(NOW), secrets.token_bytes)
    return ids


def by(people, side):
    return Change(NOW, people[f"of-{side}"])


@pytest.fixture
def question(catalog, people):
    revision = save_record(catalog, "dejima", body("first"), None, by(people, "city"))
    asked = ask_approval(catalog, [Seen(GATE, revision)], by(people, "city"), secrets.token_bytes)
    return load_question(catalog, "dejima", asked)


def at_once(*works):
    """Do all at the same moment; gives what each raised, None for what went well."""
    barrier, outcomes = threading.Barrier(len(works)), [None] * len(works)

    def run(number, work):
        barrier.wait()
        try:
            work()
        except DejimaError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_publishing_is_refused_for_who_has_to_ask_and_free_for_the_system(catalog, people):
    revision = save_record(catalog, "dejima", body("first"), None, by(people, "city"))
    for publishing in (publish_record, lambda *args: take_step(*args[:3], "publish", args[3])):
        with pytest.raises(Conflict) as refused:
            publishing(catalog, GATE, revision, by(people, "city"))
        assert refused.value.code == "approval_needed"
    assert load_record(catalog, GATE).published_revision is None
    publish_record(catalog, GATE, revision, Change(NOW))
    assert load_record(catalog, GATE).published_revision == revision
    withdraw_record(catalog, GATE, revision, by(people, "city"))
    assert load_record(catalog, GATE).published_revision is None


@pytest.mark.parametrize("round_", range(3))
def test_two_answers_at_the_same_moment_count_once(catalog, people, question, round_):
    why = make_why("", "no", secrets.token_bytes)
    outcomes = at_once(
        lambda: approve(catalog, question, by(people, "operator")),
        lambda: give_back(catalog, question, by(people, "operator"), why),
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    seen, state = load_record(catalog, GATE).published_revision, load_question(catalog, "dejima", question.id).state
    assert (seen, state) in {(1, "approved"), (None, "returned")}


@pytest.mark.parametrize("round_", range(3))
def test_what_is_approved_while_somebody_saves_is_what_was_asked_about_or_nothing(catalog, people, question, round_):
    outcomes = at_once(
        lambda: approve(catalog, question, by(people, "operator")),
        lambda: save_record(catalog, "dejima", body("second"), 1, by(people, "city")),
    )
    assert outcomes[1] is None
    stored, state = load_record(catalog, GATE), load_question(catalog, "dejima", question.id).state
    assert stored.revision == 2
    assert (stored.published_revision, state) == ((1, "approved") if outcomes[0] is None else (None, "lapsed"))


def test_an_approval_lets_out_one_revision_once(catalog, people, question):
    approve(catalog, question, by(people, "operator"))
    withdraw_record(catalog, GATE, 1, by(people, "city"))
    with pytest.raises(Conflict):
        publish_record(catalog, GATE, 1, by(people, "city"))
    with pytest.raises(Conflict):
        publish_record(catalog, GATE, 1, Change(NOW + 1, people["of-city"], approval=question.id))
    with pytest.raises(Conflict):
        publish_record(catalog, GATE, 1, Change(NOW, people["of-city"], approval=question.id))


def test_only_the_other_side_answers_and_counts_it(catalog, people, question):
    assert count_questions(catalog, "dejima", people["of-operator"], frozenset()) == 1
    assert count_questions(catalog, "dejima", people["of-operator"], frozenset({"gate"})) == 1
    assert count_questions(catalog, "dejima", people["of-operator"], frozenset({"house"})) == 0
    assert count_questions(catalog, "dejima", people["of-city"], frozenset()) == 0
    assert count_questions(catalog, "elsewhere", people["of-city"], frozenset()) is None
    with pytest.raises(Forbidden):
        approve(catalog, question, by(people, "city"))
    assert [one.state for one in list_questions(catalog, "dejima", people["of-city"])] == ["open"]


def test_rules_name_two_sides_that_are_there_and_one_that_is_asked(catalog, people):
    city, operator = people["city"], people["operator"]
    third = make_organisation(catalog, "dejima", ("school", "school"), Change(NOW), secrets.token_bytes)
    wrong = {
        "rule_itself": (city, city, Extent(frozenset({"notice"}))),
        "rule_there": (city, operator, Extent()),
        "rule_two_approvers": (city, third, Extent(frozenset({"notice"}))),
        "organisation_unknown": (third, "nobody", Extent()),
    }
    for code, wanted in wrong.items():
        with pytest.raises(Invalid) as refused:
            make_rule(catalog, "dejima", wanted, Change(NOW), secrets.token_bytes)
        assert refused.value.code == code
    (rule,) = list_rules(catalog, "dejima")
    assert count_publishers(catalog, "dejima") == {city: 1, operator: 1}
    assert end_rule(catalog, "dejima", rule.id, Change(NOW)) == rule and list_rules(catalog, "dejima") == []


def only_at(catalog, people, landmark):
    """What the city publishes needs the operator at one landmark alone."""
    (rule,) = list_rules(catalog, "dejima")
    end_rule(catalog, "dejima", rule.id, Change(NOW))
    extent = Extent(landmarks=frozenset({landmark}))
    make_rule(catalog, "dejima", (people["city"], people["operator"], extent), Change(NOW), secrets.token_bytes)


def test_a_draft_that_stands_elsewhere_leads_nobody_round_the_other_side(catalog, people):
    only_at(catalog, people, "house")
    out = replace(body("shown at the house"), landmark="house", cover="bell")
    publish_record(catalog, GATE, save_record(catalog, "dejima", out, None, Change(NOW)), Change(NOW))
    save_record(catalog, "dejima", replace(out, landmark="gate"), 1, by(people, "city"))
    bell = Media(id="bell", file="bell.jpg", title={"en": "Bell"}, creator="K", licence="CC0-1.0", provenance="fiction")
    scene = replace(make_scene("0" * 64), id="gate", landmark="gate")
    elsewhere = replace(scene, id="other")  # nobody shows it at the house
    for kind, new in (
        ("schedule", Schedule(id="gate", experience="gate", days=Always())),
        ("media", bell),
        ("scene", scene),
    ):
        name, revision = Name("dejima", kind, new.id), save_record(catalog, "dejima", new, None, by(people, "city"))
        with pytest.raises(Conflict) as refused:
            publish_record(catalog, name, revision, by(people, "city"))
        assert refused.value.code == "approval_needed"
    save_record(catalog, "dejima", elsewhere, None, by(people, "city"))
    publish_record(catalog, Name("dejima", "scene", "other"), 1, by(people, "city"))


def test_a_scene_that_went_out_by_one_question_ends_the_other_about_it(catalog, people):
    city, scene = by(people, "city"), Name("dejima", "scene", "gate-1820")
    save_record(catalog, "dejima", make_scene("0" * 64), None, city)
    asked = []
    for title in ("first", "second"):
        new = replace(body(title), id=title)
        name = Name("dejima", "experience", title)
        seen = [Seen(name, save_record(catalog, "dejima", new, None, city)), Seen(scene, 1)]
        asked.append(ask_approval(catalog, seen, city, secrets.token_bytes))
    approve(catalog, load_question(catalog, "dejima", asked[0]), by(people, "operator"))
    states = [load_question(catalog, "dejima", one).state for one in asked]
    assert states == ["approved", "lapsed"]
    again = ask_approval(catalog, [Seen(Name("dejima", "experience", "second"), 1)], city, secrets.token_bytes)
    approve(catalog, load_question(catalog, "dejima", again), by(people, "operator"))
    assert load_record(catalog, Name("dejima", "experience", "second")).published_revision == 1


def test_who_looks_after_a_landmark_is_told_what_is_asked_about_it(catalog, people):
    house = Landmark(id="house", name={"en": "House"}, category="house", status="rebuilt")
    seen = Seen(Name("dejima", "landmark", "house"), save_record(catalog, "dejima", house, None, by(people, "city")))
    ask_approval(catalog, [seen], by(people, "city"), secrets.token_bytes)

    def told(*landmarks):
        who = Recipient("dejima", people["of-operator"], publishes=True, landmarks=frozenset(landmarks))
        return [entry.deed for entry in list_news(catalog, who, 50) if entry.kind == "landmark"]

    assert told() == told("house") == ["approval_asked"] and told("gate") == []


def test_an_extent_reaches_its_kinds_and_places_and_what_is_for_the_whole_site():
    extent = Extent(frozenset({"notice"}), frozenset({"gate"}))
    assert reaches(extent, "notice", frozenset({"gate", "house"})) and reaches(extent, "notice", frozenset())
    assert not reaches(extent, "notice", frozenset({"house"})) and not reaches(extent, "rally", frozenset({"gate"}))
    assert reaches(Extent(), "rally", frozenset({"house"}))


def test_who_belongs_to_the_side_that_approves_need_not_ask_and_others_change_only_what_they_may():
    rule = Rule("1", "city", "operator", Extent())
    assert find_rule([rule], {"city"}, "notice", frozenset()) is rule
    assert find_rule([rule], {"city", "operator"}, "notice", frozenset()) is None
    parts = [Part("operator", Extent(frozenset({"notice"}))), Part("city", Extent(frozenset({"rally"})), "edit")]
    assert may_edit(parts, {"operator"}, "notice", frozenset()) and not may_edit(parts, {"city"}, "notice", frozenset())
    assert may_edit(parts, {"operator"}, "rally", frozenset()) and may_edit(parts, {"city"}, "season", frozenset())
