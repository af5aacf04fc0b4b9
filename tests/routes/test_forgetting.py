"""The page of what is kept and forgotten: limits, proofs, delays, and the log's chain checked."""

import re

from sqlalchemy import insert, text

from xr_server.storage.retention import Retention
from xr_server.storage.tables.events import engagement_event

DAY_MS = 24 * 3_600_000


def put_events(world, days_ago, count):
    at = world.clock() - days_ago * DAY_MS
    rows = [
        {
            "id": f"{days_ago}-{number}", "site_id": "dejima", "type": "arrived", "occurred_at": at, "received_at": at,
            "late": False, "language": "ja", "mode": "page",
        }
        for number in range(count)
    ]  # fmt: skip
    with world.events.begin() as connection:
        connection.execute(insert(engagement_event), rows)


def test_staff_read_what_is_kept_how_long_what_is_late_and_what_was_deleted(world):
    sato = world.sign_in("sato")
    page = sato.get("/desk/privacy").text
    assert "Nothing is kept beyond its time." in page and "Nothing has been old enough yet." in page
    assert re.search(r"Single events of visits</th><td>90 days", page)
    put_events(world, 120, 7)
    assert "The oldest events are 30 days over their time." in sato.get("/desk/privacy").text
    Retention(world.events, 90, dict).turn(world.clock())
    page = sato.get("/desk/privacy").text
    assert "Nothing is kept beyond its time." in page
    assert re.search(r'<td class="number">7</td>', page) and "nobody had summed the day up" in page
    assert "sato looked at “Kept and forgotten” (page)" in re.sub("<[^>]+>", "", sato.get("/desk/log").text)


def test_staff_check_the_log_by_a_button_and_with_a_hash_noted_earlier(world):
    sato = world.sign_in("sato")
    page = sato.get("/desk/privacy?check=log").text
    assert "The log holds:" in page
    noted = re.search(r"<code>([0-9a-f]{64})</code>", page)[1]
    assert "The log holds:" in sato.get(f"/desk/privacy?check=log&hash={noted}").text
    assert "is none of this log" in sato.get(f"/desk/privacy?check=log&hash={'0' * 64}").text
    with world.catalog.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entry_no_update"))
        connection.execute(text("UPDATE audit_entry SET thing_id = 'other' WHERE number = 1"))
    page = sato.get("/desk/privacy?check=log").text
    assert "The log does not hold. 0 entries are sound" in page and "Entry 1 says something else" in page
    assert "変更の記録" in sato.get("/desk/privacy?lang=ja").text
