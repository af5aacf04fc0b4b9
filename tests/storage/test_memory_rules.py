"""Whether a site takes memories, on both databases: set by what one has seen, told to every server, never twice at once."""

import threading

import pytest
from sqlalchemy import update

from tests.samples import SITE, publish
from tests.storage.test_memories import STAFF, TOLD, again, tell
from xr_server.domain.memory import Told
from xr_server.domain.memory_rule import RULES
from xr_server.errors import Forbidden, Stale
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import list_publications
from xr_server.storage.memories import Verdict, decide, find_by_code, keep_back, list_shown
from xr_server.storage.memory_rules import DEEDS, SetRule, load_rule, set_rule
from xr_server.storage.publish import make_snapshot
from xr_server.storage.published import PublishedSites
from xr_server.storage.tables.memories import memory


def deeds(catalog):
    return [entry.deed for entry in list_entries(catalog, "dejima", Wanted(kind="site"), 9) if "memor" in entry.deed]


def test_a_rule_is_set_from_what_was_seen_written_down_and_published(catalog, tmp_path):
    publish(catalog, SITE)
    before = list_publications(catalog)["dejima"]
    assert load_rule(catalog, "dejima") == SetRule("open", 0)
    set_rule(catalog, "dejima", SetRule("kept", 0), STAFF)
    for seen in (0, 2):
        with pytest.raises(Stale):
            set_rule(catalog, "dejima", SetRule("away", seen), STAFF)
    set_rule(catalog, "dejima", SetRule("away", 1), STAFF)
    assert load_rule(catalog, "dejima") == SetRule("away", 2) and load_rule(catalog, "hirado") == SetRule("open", 0)
    assert list_publications(catalog)["dejima"] == before + 2
    assert deeds(catalog) == ["memories_put_away", "memories_closed"] and set(DEEDS) == set(RULES)


def test_of_two_who_set_it_for_the_first_time_at_once_one_is_told(catalog):
    start, told = threading.Barrier(2), []

    def choose(rule):
        start.wait()
        try:
            set_rule(catalog, "dejima", SetRule(rule, 0), STAFF)
        except Stale:
            told.append(rule)

    both = [threading.Thread(target=choose, args=(rule,)) for rule in ("kept", "away")]
    [one.start() for one in both], [one.join() for one in both]
    (lost,) = told
    assert load_rule(catalog, "dejima").rule != lost and len(deeds(catalog)) == 1


def test_nothing_is_taken_while_none_is_wanted(catalog, tmp_path):
    set_rule(catalog, "dejima", SetRule("kept", 0), STAFF)
    with pytest.raises(Forbidden):
        tell(catalog, tmp_path)
    assert not (tmp_path / "memories").exists()
    set_rule(catalog, "dejima", SetRule("open", 1), STAFF)
    tell(catalog, tmp_path)


def test_another_worker_has_it_at_its_next_look(catalog, tmp_path):
    publish(catalog, SITE)
    found, _ = tell(catalog, tmp_path)
    decide(catalog, found, Verdict(1, "shown"), STAFF)
    workers = [PublishedSites(catalog, tmp_path / name, lambda: STAFF.at) for name in ("one", "two")]
    for worker in workers:
        worker.refresh()
    assert [len(worker.get_site("dejima").memories) for worker in workers] == [1, 1]
    set_rule(catalog, "dejima", SetRule("away", 0), STAFF)
    for worker in workers:
        worker.refresh()
        site = worker.get_site("dejima")
        assert site.memories == () and site.facts["id"] == "dejima"
        assert all(one.document["memories_closed"] for one in site.documents.values())
        assert make_snapshot({"dejima": site}).sites["dejima"].memories == ()
    assert len(list_shown(catalog, "dejima")) == 1  # it comes back when they are shown again


def test_consent_to_open_data_ends_by_itself_and_memories_from_before_never_had_it(catalog, tmp_path):
    told = Told(words="x", language="ja", licence="free", consent=1, open_consent=1)
    found, code = tell(catalog, tmp_path, told=told)
    decide(catalog, found, Verdict(1, "shown"), STAFF)
    assert list_shown(catalog, "dejima")[0].told.is_open
    keep_back(catalog, code, STAFF.at)
    keep_back(catalog, code, STAFF.at)
    kept = find_by_code(catalog, code)
    assert (kept.state, kept.told.words, kept.told.is_open) == ("shown", "x", False)
    entries = list_entries(catalog, "dejima", Wanted(kind="memory"), 9)
    assert [entry.deed for entry in entries] == ["memory_kept_back", "memory_shown"]
    old, _ = tell(catalog, tmp_path)
    before = '{"words":"as it was stored before","language":"en","licence":"credit","consent":1}'
    with catalog.begin() as connection:
        connection.execute(update(memory).where(memory.c.id == old.id).values(told=before))
    assert again(catalog, old).told.open_consent == 0 and not TOLD.is_open
