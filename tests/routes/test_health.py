import re

from sqlalchemy import insert

from xr_server.routes import health
from xr_server.storage.tables.events import engagement_event


def test_a_living_process_says_so(served):
    answer = served.client.get("/healthz")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok", "no-store")


def test_a_whole_server_is_ready_in_every_part(served):
    answer = served.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "whole": True,
        "checks": {"catalog": "ok", "events": "ok", "snapshot": "ok", "disk": "ok"},
    }


def test_a_server_without_anything_published_is_not_ready(served):
    served.withdraw("site", "dejima", 1)
    answer = served.client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["checks"]["snapshot"] == "nothing is published yet"


def test_a_lost_store_is_named_while_visitors_are_still_served(served):
    (served.settings.data_dir / "events.sqlite3").rename(served.settings.data_dir / "away")
    answer = served.client.get("/readyz")
    assert (answer.status_code, answer.json()["whole"]) == (200, False)
    assert answer.json()["checks"]["events"].startswith("cannot be reached")


def test_a_schema_of_another_time_is_named(served):
    with served.parts.events.begin() as connection:
        connection.exec_driver_sql("UPDATE schema_version_events SET version_num = '0000'")
    assert "dejima migrate" in served.client.get("/readyz").json()["checks"]["events"]


def test_a_full_disk_is_named(served, monkeypatch):
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 1 << 62)
    assert served.client.get("/readyz").json()["checks"]["disk"] == "less than 200 MB free"


def read(served, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", served.client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_answers_by_route_template_and_name_no_visitor(served):
    name = 'dejima_requests_total{method="GET",route="/api/v1/sites/{site}",status="404"}'
    before = read(served, name)
    served.client.get("/api/v1/sites/hirado-secret?lat=32.7437")
    assert read(served, name) == before + 1
    text = served.client.get("/metrics").text
    assert "hirado-secret" not in text
    assert "32.7437" not in text
    assert "dejima_request_seconds_bucket" in text
    assert read(served, "dejima_snapshot_from_file") == 0
    assert read(served, "dejima_event_requests_waiting") == 0


def test_metrics_tell_when_visitors_are_served_from_the_last_snapshot(served):
    (served.settings.data_dir / "catalog.sqlite3").rename(served.settings.data_dir / "away")
    served.parts.published.refresh()
    assert read(served, "dejima_snapshot_from_file") == 1


def test_metrics_tell_by_how_many_days_anything_is_kept_too_long(served):
    name = 'dejima_retention_lag_days{what="events"}'
    assert f"{name} 0.0" in served.client.get("/metrics").text
    old = {"id": "old", "site_id": "dejima", "type": "arrived", "late": False, "language": "ja", "mode": "page"}
    at = served.clock() - 100 * 24 * 3_600_000
    with served.parts.events.begin() as connection:
        connection.execute(insert(engagement_event).values(**old, occurred_at=at, received_at=at))
    assert read(served, name) == 10
