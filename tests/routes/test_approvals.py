"""Two organisations share a desk: what the city publishes waits for the operator where a rule says so, whichever way it goes."""

import ast
import io
import re
import secrets
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import fields_of, submit
from tests.samples import EXPERIENCE, add_package, make_scene
from xr_server.domain.account import NewAccount
from xr_server.domain.approval import Extent, Part
from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Change, Landmark, Name
from xr_server.domain.notice import Notice
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.rally import Rally
from xr_server.domain.season import Always, Schedule
from xr_server.storage.accounts import add_account
from xr_server.storage.approvals import list_questions
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import load_record, publish_record, save_record
from xr_server.storage.news import Recipient, list_news
from xr_server.storage.organisations import make_organisation
from xr_server.storage.partners import list_parts, make_rule, set_part
from xr_server.storage.people import set_organisation

HOUSE = Landmark(
    id="house", name={"ja": "家", "en": "House"}, category="house", status="rebuilt", lat=32.7435, lon=129.8725
)
NOTICE = Notice(
    id="queue", text={"ja": "混雑", "en": "A queue."}, landmark="water-gate", severity="information",
    from_at="2026-11-24T00:00:00Z", until_at="2026-12-24T00:00:00Z",
)  # fmt: skip
RALLY = Rally(
    id="autumn", title={"ja": "秋", "en": "Autumn"}, landmarks=["water-gate", "house"], first_on="2026-11-01",
    last_on="2026-12-31",
)  # fmt: skip
YEAR = Questionnaire(id="year", title={"ja": "1年", "en": "Year"}, first_on="2026-11-01", usual=["satisfaction"])
CAMPAIGN = Campaign(id="lights", title={"ja": "灯", "en": "Lights"}, first_on="2026-12-01", last_on="2026-12-24")


@pytest.fixture
def sides(world):
    """The world with a city and an operator: sato and mori belong to the city, ito and ueda to the operator."""
    at, catalog = world.clock(), world.catalog
    for name, role in (("ito", "staff"), ("ueda", "approver")):
        account = NewAccount("dejima", name, role, PASSWORD)
        world.accounts[name] = add_account(catalog, account, at, secrets.token_bytes)
    world.ids = {
        kind: make_organisation(catalog, "dejima", (name, kind), Change(at), secrets.token_bytes)
        for name, kind in (("Nagasaki City", "city"), ("Dejima Operator", "operator"))
    }
    for name, kind in (("sato", "city"), ("mori", "city"), ("ito", "operator"), ("ueda", "operator")):
        set_organisation(catalog, "dejima", world.accounts[name], world.ids[kind], Change(at))
    return world


def rule(world, kinds=(), landmarks=()):
    """What the city publishes of these has to be approved by the operator."""
    extent = Extent(frozenset(kinds), frozenset(landmarks))
    wanted = world.ids["city"], world.ids["operator"], extent
    return make_rule(world.catalog, "dejima", wanted, Change(world.clock()), secrets.token_bytes)


def draft(world, body, expected=None, by="sato"):
    return save_record(world.catalog, "dejima", body, expected, Change(world.clock(), world.accounts[by]))


def stored(world, kind, name):
    return load_record(world.catalog, Name("dejima", kind, name))


def published(world, kind, name):
    return stored(world, kind, name).published_revision


def open_questions(world, by="ito"):
    return [one for one in list_questions(world.catalog, "dejima", world.accounts[by]) if one.state == "open"]


def ask(world, client, path="/desk/notices/queue"):
    """Ask on a record's own page; gives the question's address."""
    assert submit(client, client.get(path).text, path, step="ask").status_code == 303
    (question,) = open_questions(world)
    return f"/desk/approvals/{question.id}"


def answer(client, path, **typed):
    return submit(client, client.get(path).text, path, **typed)


def deeds(world, kind="notice", name="queue"):
    entries = list_entries(world.catalog, "dejima", Wanted(kind=kind, thing_id=name), 50)
    return [entry.deed for entry in reversed(entries)]


def news_of(world, name):
    who = Recipient("dejima", world.accounts[name], publishes=True)
    return [entry.deed for entry in list_news(world.catalog, who, 50)]


@pytest.fixture
def asked(sides):
    """A notice of the city's that the operator is asked about; the two browsers, and the question's address."""
    rule(sides, kinds=["notice"])
    draft(sides, NOTICE)
    sato, ito = sides.sign_in("sato"), sides.sign_in("ito")
    return sides, sato, ito, ask(sides, sato)


def test_without_a_rule_nobody_asks_and_no_page_speaks_of_it(sides):
    draft(sides, NOTICE)
    sato = sides.sign_in("sato")
    page = sato.get("/desk/notices/queue").text
    assert "Ask" not in page and "/desk/approvals" not in page
    assert submit(sato, page, "/desk/notices/queue", step="publish").status_code == 303
    assert published(sides, "notice", "queue") == 1


def test_the_page_says_before_pressing_whom_it_asks_and_shows_no_other_side_a_question(sides):
    rule(sides, kinds=["notice"])
    draft(sides, NOTICE)
    page = sides.sign_in("sato").get("/desk/notices/queue").text
    assert "goes out once Dejima Operator has approved it" in page and "Ask Dejima Operator to approve" in page
    of_operator = sides.sign_in("ito").get("/desk/notices/queue").text
    assert "has approved it" not in of_operator and 'value="publish"' in of_operator


def test_a_notice_that_is_not_there_yet_says_so_too_and_closed_today_stays_three_clicks(sides):
    rule(sides, kinds=["notice"])
    sato = sides.sign_in("sato")
    new = sato.get("/desk/notices/new").text
    assert re.search(r'<button class="primary"[^>]*value="ask"', new) and 'value="publish"' in new
    closed = sato.get("/desk/notices/new?landmark=water-gate&closed=today").text
    assert re.search(r'<button class="primary"[^>]*value="publish"', closed)
    (path,) = re.findall(r'action="(/desk/notices/[^"]+)"', closed)
    assert submit(sato, closed, path, step="publish").headers["location"].startswith("/desk/notices?done=out")


def test_asked_counted_compared_approved_and_learned(asked):
    world, sato, ito, question = asked
    assert published(world, "notice", "queue") is None
    inbox = ito.get("/inbox").text
    assert "wait for your approval" in inbox and "sato asked Dejima Operator to approve" in inbox
    assert re.search(r'href="/desk/approvals"[^>]*>\s*<span class="count">1</span>', inbox)
    page = ito.get(question).text
    assert "A queue." in page and "Visitors see nothing of this yet" in page
    done = answer(ito, question, step="approve")
    assert done.status_code == 303 and published(world, "notice", "queue") == 1
    assert "approval_given" in news_of(world, "sato") and "ito approved" in sato.get("/inbox").text
    assert deeds(world)[-2:] == ["approval_given", "published"]
    assert "ito approved it" in ito.get(done.headers["location"]).text
    undone = submit(ito, ito.get(done.headers["location"]).text, "/desk/undo")
    assert undone.status_code == 303 and published(world, "notice", "queue") is None


def test_the_other_side_sees_what_would_change_of_what_visitors_see(sides):
    revision = draft(sides, NOTICE)
    publish_record(sides.catalog, Name("dejima", "notice", "queue"), revision, Change(sides.clock()))
    draft(sides, Notice(**{**_fields(NOTICE), "text": {"ja": "混雑", "en": "A long queue."}}), revision)
    rule(sides)
    question = ask(sides, sides.sign_in("sato"))
    page = sides.sign_in("ito").get(question).text
    assert re.search(r"<ins>.*long", page, re.DOTALL) and "What would change for visitors" in page
    assert published(sides, "notice", "queue") == 1


def _fields(body):
    return {name: getattr(body, name) for name in body.__struct_fields__}


def test_it_is_given_back_with_a_sentence_that_the_asker_reads(asked):
    world, sato, ito, question = asked
    refused = answer(ito, question, step="return")
    assert refused.status_code == 400 and "Write a sentence" in refused.text
    assert answer(ito, question, step="return", note="Say how long it takes.").status_code == 303
    assert published(world, "notice", "queue") is None and open_questions(world) == []
    assert "Say how long it takes." in sato.get("/inbox").text and "given back" in sato.get("/desk/approvals").text
    assert ask(world, sato) != question


def test_a_change_after_asking_takes_the_question_back(asked):
    world, sato, ito, question = asked
    seen = ito.get(question).text
    page = sato.get("/desk/notices/queue").text
    submit(sato, page, "/desk/notices/queue", step="save", **{"text-en": "No queue."})
    assert open_questions(world) == [] and deeds(world)[-2:] == ["approval_lapsed", "saved"]
    late = submit(ito, seen, question, step="approve")
    assert late.status_code == 409 and "it has changed since you were asked" in late.text
    assert published(world, "notice", "queue") is None


def test_two_answers_at_once_are_a_conflict(asked):
    world, _, ito, question = asked
    ueda = world.sign_in("ueda")
    first, second = ito.get(question).text, ueda.get(question).text
    assert submit(ito, first, question, step="approve").status_code == 303
    late = submit(ueda, second, question, step="return", note="Not like this.")
    assert late.status_code == 409 and "Somebody has answered this meanwhile" in late.text
    assert published(world, "notice", "queue") == 1


def test_asking_twice_is_a_conflict_and_only_the_asked_side_answers(asked):
    world, sato, _, question = asked
    twice = submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="ask")
    assert twice.status_code == 409 and "has been asked about this already" in twice.text
    own = post_form(sato, question, step="approve")
    assert own.status_code == 403 and published(world, "notice", "queue") is None
    assert post_form(world.sign_in("ito"), question, step="take_back").status_code == 403
    assert answer(sato, question, step="take_back").status_code == 303 and open_questions(world) == []


def test_an_administrator_goes_round_it_only_with_a_reason_and_the_log_and_the_other_side_are_told(asked):
    world, sato, ito, question = asked
    assert post_form(sato, question, step="overrule", why="Now.").status_code == 403
    mori = world.sign_in("mori")
    assert answer(mori, question, step="overrule").status_code == 400
    assert answer(mori, question, step="overrule", why="The mayor comes at noon.").status_code == 303
    assert published(world, "notice", "queue") == 1 and "approval_overruled" in deeds(world)
    assert "approval_overruled" in news_of(world, "ito") and "The mayor comes at noon." in ito.get("/inbox").text


@pytest.mark.parametrize("severity", ["closed", "danger"])
def test_what_is_closed_or_dangerous_never_waits_and_the_other_side_is_told(sides, severity):
    rule(sides)
    draft(sides, Notice(**{**_fields(NOTICE), "severity": severity}))
    sato = sides.sign_in("sato")
    page = sato.get("/desk/notices/queue").text
    assert re.search(r'<button class="primary"[^>]*value="publish"', page)
    assert submit(sato, page, "/desk/notices/queue", step="publish").status_code == 303
    assert published(sides, "notice", "queue") == 1
    assert (
        "published" in news_of(sides, "ito")
        and "could not wait for Dejima Operator" in sides.sign_in("ito").get("/inbox").text
    )
    draft(sides, NOTICE, 1)  # milder again: that waits
    assert submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="publish").status_code == 409


def test_taking_away_never_waits_and_its_undo_gives_back_what_was_seen(sides):
    revision = draft(sides, NOTICE)
    publish_record(sides.catalog, Name("dejima", "notice", "queue"), revision, Change(sides.clock()))
    rule(sides)
    sato = sides.sign_in("sato")
    gone = submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="withdraw")
    assert published(sides, "notice", "queue") is None
    assert submit(sato, sato.get(gone.headers["location"]).text, "/desk/undo").status_code == 303
    assert published(sides, "notice", "queue") == revision
    assert news_of(sides, "ito")[:2] == ["undone", "withdrawn"]  # they are told of both
    submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="withdraw")
    again = submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="publish")
    assert again.status_code == 409  # a day later it is a publication like any other


def test_a_rule_for_a_landmark_holds_there_and_for_what_is_for_the_whole_site(sides):
    sides.publish(HOUSE)
    rule(sides, landmarks=["house"])
    sato = sides.sign_in("sato")
    draft(sides, NOTICE)
    assert submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="publish").status_code == 303
    draft(sides, Notice(**{**_fields(NOTICE), "id": "all", "landmark": None}))
    draft(sides, Notice(**{**_fields(NOTICE), "id": "in-house", "landmark": "house"}))
    for name in ("all", "in-house"):
        path = f"/desk/notices/{name}"
        held = submit(sato, sato.get(path).text, path, step="publish")
        assert held.status_code == 409 and "Ask Dejima Operator to approve" in held.text
        assert published(sides, "notice", name) is None
    moved = submit(sato, sato.get("/desk/notices/queue").text, "/desk/notices/queue", step="publish", landmark="house")
    assert moved.status_code == 409 and stored(sides, "notice", "queue").body.landmark == "water-gate"  # nothing saved


def everything_held(world):
    """Drafts of all that the desk publishes, and a rule by which the city has to ask about all of it."""
    world.publish(HOUSE)
    digest = add_package(world.catalog, world.settings.package_dir, b"glTF of a gate")
    bodies = [make_scene(digest), EXPERIENCE, NOTICE, RALLY, CAMPAIGN, YEAR]
    bodies.append(Schedule(id="gate-visit", experience="gate-visit", days=Always()))
    for body in bodies:
        draft(world, body)
    rule(world)


PUBLISHING = [
    ("/desk/records/experience/gate-visit", "publish"),
    ("/desk/records/scene/gate-1820", "publish"),
    ("/desk/notices/queue", "publish"),
    ("/desk/rallies/autumn", "publish"),
    ("/desk/dates/gate-visit", "publish"),
    ("/desk/seasons/year-end", "publish"),
    ("/desk/places/landmark/house", "publish"),
    ("/desk/campaigns/lights", "publish"),
    ("/desk/questionnaires/year", "publish"),
]


@pytest.mark.parametrize("who", ["sato", "mori"])
def test_no_form_of_the_desk_goes_round_the_other_side(sides, who):
    """Staff and administrators of the city alike: the button asks, and `publish` sent all the same is refused."""
    everything_held(sides)
    client = sides.sign_in(who)
    season = stored(sides, "season", "year-end")
    changed = {"/desk/seasons/year-end": {"name_en": "New year"}, "/desk/places/landmark/house": {"name-en": "A house"}}
    for path, step in PUBLISHING:
        page = client.get(path).text
        typed = changed.get(path, {})
        held = submit(client, page, path, step=step, **typed)
        assert held.status_code == 409 and "Dejima Operator" in held.text, (path, held.status_code)
        asked = submit(client, page, path, step="ask", **typed).status_code
        assert asked == (409 if "scene" in path else 303), path  # the scene is asked about with its experience
    assert published(sides, "season", "year-end") == season.published_revision
    for kind, name in (
        ("experience", "gate-visit"),
        ("notice", "queue"),
        ("rally", "autumn"),
        ("schedule", "gate-visit"),
        ("campaign", "lights"),
        ("questionnaire", "year"),
    ):
        assert published(sides, kind, name) is None
    asked = {(one.about.name.kind, one.about.name.id) for one in open_questions(sides)}
    assert len(asked) == len(PUBLISHING) - 1


def test_every_address_that_publishes_is_walked_above():
    """A form whose step may be `publish` is found by its handler's own words, so that a later one is not forgotten."""
    routes = Path(__file__).parents[2] / "xr_server" / "routes"
    found = {
        path.stem
        for path in routes.glob("*.py")
        if re.search(r"\b(keep|take_steps?|roll_back|save_published|publish_record|set_states?)\(", path.read_text())
    }
    walked = {
        "campaigns",
        "campaign_run",
        "desk",
        "notices",
        "rallies",
        "dates",
        "seasons",
        "places",
        "versions",
        "surveys",
        "keeping",
        "texts",
        "questionnaires",
        "site",
        "entrance",
    }
    not_publishing = {"attachments", "passing", "shell", "ready"}  # hand in, pass on; keep answers and not records
    assert found - not_publishing == walked


def test_one_place_alone_writes_what_visitors_see():
    storage, writers = Path(__file__).parents[2] / "xr_server" / "storage", set()
    for path in storage.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            written = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "values"
            if written and any(word.arg == "published_revision" for word in node.keywords):
                writers.add(path.name)
            named = isinstance(node, ast.Dict) and any(
                getattr(k, "value", "") == "published_revision" for k in node.keys
            )
            keyed = isinstance(node, ast.Subscript) and getattr(node.slice, "value", "") == "published_revision"
            if named or keyed:
                writers.add(path.name)
    assert writers == {"going_out.py"}


def test_who_approves_dates_without_planning_any_can_undo_that(sides):
    everything_held(sides)
    question = ask(sides, sides.sign_in("sato"), "/desk/dates/gate-visit")
    ueda = sides.sign_in("ueda")
    done = answer(ueda, question, step="approve")
    assert done.status_code == 303 and published(sides, "schedule", "gate-visit") == 1
    undone = submit(ueda, ueda.get(done.headers["location"]).text, "/desk/undo")
    assert undone.status_code == 303 and published(sides, "schedule", "gate-visit") is None
    assert "Put back as it was" in ueda.get(undone.headers["location"]).text


def test_going_back_to_an_earlier_version_is_asked_too(sides):
    publish = Name("dejima", "notice", "queue")
    publish_record(sides.catalog, publish, draft(sides, NOTICE), Change(sides.clock()))
    second = draft(sides, Notice(**{**_fields(NOTICE), "text": {"en": "Long queue."}}), 1)
    publish_record(sides.catalog, publish, second, Change(sides.clock() + 1))
    rule(sides)
    sato, path = sides.sign_in("sato"), "/desk/records/notice/queue/roll-back"
    page = sato.get("/desk/notices/queue").text
    held = post_form(sato, path, revision=2, to=1)
    assert held.status_code == 409 and published(sides, "notice", "queue") == 2
    assert submit(sato, page, path, step="ask").status_code == 303
    assert published(sides, "notice", "queue") == 2 and stored(sides, "notice", "queue").body == NOTICE
    (question,) = open_questions(sides)
    assert answer(sides.sign_in("ito"), f"/desk/approvals/{question.id}", step="approve").status_code == 303
    assert published(sides, "notice", "queue") == 3


def test_a_table_of_survey_points_is_asked_about(sides):
    rule(sides)
    sato = sides.sign_in("sato")
    table = (
        "id,name,lat,lon,h,accuracy_m,surveyed_on,author\npost,Post,32.7437000,129.8723000,36.0,0.02,2026-11-01,Mori\n"
    )
    read = submit(sato, sato.get("/desk/surveys").text, "/desk/surveys", step="preview", table=table, survey="2026-11")
    held = submit(sato, read.text, "/desk/surveys", step="save")
    assert held.status_code == 409 and "Dejima Operator" in held.text
    assert submit(sato, read.text, "/desk/surveys", step="ask").status_code == 303
    assert published(sides, "survey", "2026-11") is None and len(open_questions(sides)) == 1


def test_texts_and_the_heights_of_the_site_are_asked_about_too(sides):
    rule(sides)
    mori = sides.sign_in("mori")
    path = "/desk/texts/landmark/water-gate?language=en&source=ja"
    page = mori.get(path).text
    assert "Ask Dejima Operator to approve" in page
    held = submit(mori, page, path, step="publish", **{"text-landmarks.water-gate.name": "Sea Gate"})
    assert held.status_code == 409 and "Sea Gate" in held.text
    assert submit(mori, page, path, step="ask", **{"text-landmarks.water-gate.name": "Sea Gate"}).status_code == 303
    held = submit(mori, mori.get("/desk/site").text, "/desk/site/geoid", step="publish", geoid_m="31.5")
    assert held.status_code == 409 and "Dejima Operator" in held.text
    assert submit(mori, held.text, "/desk/site/geoid", step="ask", geoid_m="31.5").status_code == 303
    tablet = {"after_s": "120", "languages": ["ja"], "landmarks": ["water-gate"]}
    assert submit(mori, mori.get("/desk/kiosk").text, "/desk/kiosk", step="publish", **tablet).status_code == 409
    assert (published(sides, "landmark", "water-gate"), published(sides, "site", "dejima")) == (1, 1)
    assert {one.about.name.kind for one in open_questions(sides)} == {"landmark", "site"}


def test_an_experience_and_its_scene_are_approved_together(sides):
    everything_held(sides)
    question = ask(sides, sides.sign_in("sato"), "/desk/records/experience/gate-visit")
    page = sides.sign_in("ito").get(question).text
    assert page.count('class="against"') == 2
    ito = sides.sign_in("ito")
    assert answer(ito, question, step="approve").status_code == 303
    assert (published(sides, "experience", "gate-visit"), published(sides, "scene", "gate-1820")) == (1, 1)


def test_administrators_set_rules_and_parts_on_a_page(sides):
    sides.publish(HOUSE)
    mori = sides.sign_in("mori")
    page = mori.get("/desk/partners").text
    assert "whoever may publish does so at once" in page
    both = {"organisation": sides.ids["city"], "approver": sides.ids["city"]}
    assert submit(mori, page, "/desk/partners/rules", **both).status_code == 400
    both["approver"] = sides.ids["operator"]
    assert submit(mori, page, "/desk/partners/rules", **both, kinds=["notice"], landmarks=["house"]).status_code == 303
    page = mori.get("/desk/partners").text
    assert "What Nagasaki City publishes needs the approval of Dejima Operator." in page and "notice; House" in page
    assert submit(mori, page, "/desk/partners/rules", **both, kinds=["notice"], landmarks=["house"]).status_code == 400
    (end,) = re.findall(r'action="(/desk/partners/rules/[^"]+/end)"', page)
    ended = submit(mori, page, end)
    assert "holds no more" in mori.get(ended.headers["location"]).text
    submit(mori, mori.get(ended.headers["location"]).text, "/desk/partners/rules")
    part = f"/desk/partners/parts/{sides.ids['operator']}"
    assert submit(mori, mori.get("/desk/partners").text, part, kinds=["notice"], others="read").status_code == 303
    page = mori.get("/desk/partners").text
    assert dict(fields_of(page, part))["others"] == "read" and "needs the approval of" in page
    told = [entry.deed for entry in list_entries(sides.catalog, "dejima", Wanted(kind="organisation"), 20)]
    assert told[:4] == ["organisation_part_set", "approval_rule_made", "approval_rule_ended", "approval_rule_made"]
    assert "approval_rule_ended" in news_of(sides, "ito")


def test_a_part_at_a_landmark_without_a_place_stays_there_when_it_is_saved_again(sides):
    sides.publish(Landmark(**{**_fields(HOUSE), "lat": None, "lon": None}))
    part = Part(sides.ids["operator"], Extent(landmarks=frozenset({"house"})))
    set_part(sides.catalog, "dejima", part, Change(sides.clock()))
    mori, path = sides.sign_in("mori"), f"/desk/partners/parts/{sides.ids['operator']}"
    assert submit(mori, mori.get("/desk/partners").text, path, kinds=["notice"]).status_code == 303
    (saved,) = list_parts(sides.catalog, "dejima")
    assert saved.extent == Extent(frozenset({"notice"}), frozenset({"house"}))


@pytest.mark.parametrize(("others", "status"), [("read", 403), ("edit", 303)])
def test_what_one_side_looks_after_the_other_reads_and_changes_only_where_it_may(sides, others, status):
    draft(sides, NOTICE, by="ito")
    part = Part(sides.ids["operator"], Extent(frozenset({"notice"})), others)
    set_part(sides.catalog, "dejima", part, Change(sides.clock()))
    sato, path = sides.sign_in("sato"), "/desk/notices/queue"
    page = sato.get(path)
    assert page.status_code == 200 and "A queue." in page.text
    assert ("Dejima Operator looks after this" in page.text) == (others == "read")
    changed = submit(sato, page.text, path, step="save", **{"text-en": "Short queue."})
    assert changed.status_code == status
    if status == 403:
        assert "Another organisation looks after this" in changed.text and "Short queue." in changed.text
        assert stored(sides, "notice", "queue").revision == 1
        assert submit(sato, sato.get(path).text, path, step="publish").status_code == 403
    ito = sides.sign_in("ito")
    assert submit(ito, ito.get(path).text, path, step="publish").status_code == 303


def test_both_sides_read_the_log_narrow_it_to_a_side_and_taking_it_along_is_logged(asked):
    world, sato, ito, question = asked
    answer(ito, question, step="approve")
    ours = ito.get(f"/desk/log?organisation={world.ids['operator']}").text
    lines = re.sub(r"<[^>]+>", "", ours)
    assert "ito approved" in lines and "sato asked" not in lines and "Dejima Operator" in ours
    assert "sato asked Dejima Operator to approve" in re.sub(r"<[^>]+>", "", ito.get("/desk/log").text)
    table = sato.get(f"/desk/log.csv?organisation={world.ids['city']}").text
    assert "Nagasaki City" in table and "ito" not in table
    book = ito.get("/desk/log.xlsx")
    assert book.headers["content-disposition"] == 'attachment; filename="log.xlsx"'
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert any("ito approved" in str(row[2].value) for row in sheet.iter_rows())
    assert "sato took the log of “Dejima”" in re.sub(r"<[^>]+>", "", ito.get("/desk/log").text)
    assert deeds(world, "site", "dejima")[-2:] == ["log_exported", "log_exported"]
