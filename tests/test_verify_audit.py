"""`dejima verify-audit`: what an operator is told of a log that holds, and of one that was changed behind its back."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from xr_server.cli import app
from xr_server.domain.audit_chain import START
from xr_server.domain.catalog import Change, Name
from xr_server.errors import Conflict
from xr_server.storage.audit import note
from xr_server.storage.database import open_engine

NOW = 1_780_000_000_000


@pytest.fixture
def catalog(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The catalog that the command reads, with three entries of a site and one of another."""
    for store in ("catalog", "events"):
        shutil.copy(migrated_sqlite / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
    monkeypatch.setenv("DEJIMA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DEJIMA_DATABASE_URL", raising=False)
    catalog = open_engine(f"sqlite:///{tmp_path / 'catalog.sqlite3'}")
    with catalog.begin() as connection:
        for number, site in enumerate(("dejima", "dejima", "hirado", "dejima")):
            note(connection, "saved", Name(site, "landmark", f"mark-{number}"), Change(NOW + number, "kana"), number)
    return catalog


def verify(*options: str) -> Result:
    return CliRunner().invoke(app, ["verify-audit", *options])


def last_hash(site: str) -> str:
    return verify("--site", site).output.split()[-1].rstrip(".")


def change_an_entry(catalog: Engine) -> None:
    with catalog.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_entry_no_update")
        connection.exec_driver_sql("UPDATE audit_entry SET account_id = 'sato' WHERE thing_id = 'mark-1'")


def test_each_site_s_log_holds_and_has_a_last_hash(catalog: Engine) -> None:
    done = verify()
    assert done.exit_code == 0
    assert [line.split(":")[0] for line in done.output.splitlines()] == ["dejima", "hirado"]
    assert len({last_hash("dejima"), last_hash("hirado"), START}) == 3


def test_a_changed_entry_ends_with_what_to_do(catalog: Engine) -> None:
    change_an_entry(catalog)
    done = verify()
    assert done.exit_code == 2
    assert "does not hold" in done.output
    assert verify("--site", "hirado").exit_code == 0


def test_a_log_whose_end_was_cut_off_is_found_by_the_hash_that_was_noted(catalog: Engine) -> None:
    noted = last_hash("dejima")
    assert verify("--site", "dejima", "--expect", noted).exit_code == 0
    assert verify("--site", "dejima", "--expect", "0" * len(noted)).exit_code == 2


def test_a_noted_hash_is_of_one_site(catalog: Engine) -> None:
    done = verify("--expect", START)
    assert isinstance(done.exception, Conflict)
    assert "--site" in str(done.exception)
