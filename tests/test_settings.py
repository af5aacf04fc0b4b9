"""Settings come from the environment, and a wrong one is refused with a sentence before anything starts."""

from pathlib import Path

import pytest

from xr_server.errors import Invalid
from xr_server.settings import ROWS, read_settings


def test_without_settings_everything_lies_in_the_folder_data():
    settings = read_settings({"PATH": "/bin"})
    data = Path("data").absolute()
    assert (settings.data_dir, settings.package_dir, settings.public_url) == (data, data / "packages", "")
    assert settings.catalog_url == f"sqlite:///{data / 'catalog.sqlite3'}"
    assert settings.events_url == f"sqlite:///{data / 'events.sqlite3'}"
    assert (settings.upload_dir, settings.key_dir) == (data / "uploads", data / "keys")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_one_database_url_serves_both_stores(scheme):
    settings = read_settings({"DEJIMA_DATABASE_URL": f"{scheme}://kana@db/dejima"})
    assert settings.catalog_url == settings.events_url == "postgresql+psycopg://kana@db/dejima"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DEJIMA_DATADIR", "x", "DEJIMA_DATADIR is not a setting; there are DEJIMA_DATA_DIR, "),
        ("DEJIMA_DASK", "scheduler", "such as tcp://host:8786"),
        ("DEJIMA_PACKAGE_STORE", "s3://bucket/prefix", "an S3 store is not part of this version"),
        ("DEJIMA_EVENTS_DAYS", "0", "a whole number of days from 1 to 395"),
        ("DEJIMA_EVENTS_DAYS", "396", "a whole number of days from 1 to 395"),
        ("DEJIMA_EVENTS_DAYS", "for ever", "a whole number of days from 1 to 395"),
        ("DEJIMA_PUBLIC_URL", "dejima.example", "must start with https://"),
        ("DEJIMA_DATABASE_URL", "mysql://db/dejima", "must be a URL such as postgresql://"),
        ("DEJIMA_DATABASE_URL", "dejima.sqlite3", "must be a URL such as postgresql://"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(name, value, said):
    with pytest.raises(Invalid) as refused:
        read_settings({name: value})
    assert said in refused.value.text


def test_spaces_and_a_slash_at_the_end_do_no_harm():
    assert read_settings({"DEJIMA_PUBLIC_URL": " https://dejima.example/ "}).public_url == "https://dejima.example"


def test_every_setting_has_a_help_text():
    assert all(row.help.endswith(".") and row.name.startswith("DEJIMA_") for row in ROWS)
