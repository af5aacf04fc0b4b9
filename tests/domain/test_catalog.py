import msgspec
import pytest

from tests.samples import GATE, SITE
from xr_server.domain.catalog import Site
from xr_server.domain.fields import Digest, LocalDate, LocalTime, Slug
from xr_server.domain.season import Schedule, YearlyRule


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Slug, ["gate", "water-gate-2"], ["", "Gate", "-gate", "gate-", "a--b", "gate\n", "門", "a" * 65, "../x"]),
        (Digest, ["0" * 64], ["0" * 63, "0" * 64 + "\n", "G" * 64]),
        (LocalDate, ["2026-12-05"], ["2026-12-5", "2026-12-05\n", "٢٠٢٦-12-05"]),
        (LocalTime, ["00:00", "23:59"], ["24:00", "9:00", "09:60", "09:00\n"]),
    ],
)
def test_names_and_dates_have_one_form_and_no_line_break_slips_in(kind, good, bad):
    for text in good:
        assert msgspec.convert(text, kind) == text
    for text in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(text, kind)


def test_a_record_survives_its_json_and_an_unknown_field_is_an_error():
    for record in (SITE, GATE):
        encoded = msgspec.json.encode(record)
        assert msgspec.json.decode(encoded, type=type(record)) == record
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(encoded[:-1] + b',"colour":"red"}', type=type(record))


@pytest.mark.parametrize("quiet_day", ["13-01", "00-10", "08-32", "8-9", "08-09\n"])
def test_a_quiet_day_that_no_calendar_has_is_refused(quiet_day):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**msgspec.to_builtins(SITE), "quiet_days": [quiet_day]}, Site)


def test_a_site_speaks_at_least_one_language():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**msgspec.to_builtins(SITE), "languages": []}, Site)


@pytest.mark.parametrize("change", [{"duration_days": 0}, {"duration_days": 121}, {"start_offset_days": -121}])
def test_a_yearly_rule_stays_within_bounds(change):
    rule = {"type": "yearly", "rrule": "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", "duration_days": 1}
    msgspec.convert(rule, YearlyRule)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**rule, **change}, YearlyRule)


def test_the_three_ways_to_name_days_are_told_apart_by_their_tag():
    for days in ({"type": "always"}, {"type": "season", "season": "kunchi"}, {"type": "dates", "ranges": []}):
        schedule = msgspec.convert({"id": "s", "experience": "e", "days": days}, Schedule)
        assert msgspec.to_builtins(schedule)["days"] == days
