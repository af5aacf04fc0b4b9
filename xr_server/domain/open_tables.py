"""A month's figures for everyone as tables: what each is called and means, its columns, its rows, how far it may be off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt

from xr_server.domain.open_figures import MEASURES, MOST_LANDMARKS, STEPS, MeasureName, Universe
from xr_server.domain.open_release import Division, Told, total_variance

Value = str | int | None
Row = tuple[Value, ...]
Words = Mapping[str, str]
"""The same in Japanese and English."""
TABLES: Mapping[str, MeasureName | None] = {
    "visits": None,
    "visits-by-day": "day",
    "languages": "language",
    "devices": "device",
    "campaigns": "campaign",
    "circulation": "circulation",
    "ar-funnel": "funnel",
    "landmarks": None,
    "landmarks-by-day": "landmark_day",
    "landmarks-by-hour": "landmark_hour",
}
"""Every table and how it is measured; the sums of a month, None, follow from the tables that divide them."""
TITLES: Mapping[str, Words] = {
    "visits": {"ja": "訪問数（月）", "en": "Visits in the month"},
    "visits-by-day": {"ja": "日ごとの訪問数", "en": "Visits by day"},
    "languages": {"ja": "表示言語ごとの訪問数", "en": "Visits by language of the pages"},
    "devices": {"ja": "端末の種類ごとの訪問数", "en": "Visits by kind of device"},
    "campaigns": {"ja": "キャンペーンごとの訪問数", "en": "Visits by campaign"},
    "circulation": {"ja": "回った見どころの数", "en": "Number of landmarks seen in a visit"},
    "ar-funnel": {"ja": "現地で復元を見るまでの段階", "en": "Steps of seeing a reconstruction on the spot"},
    "landmarks": {"ja": "見どころごとの訪問数（月）", "en": "Visits by landmark in the month"},
    "landmarks-by-day": {"ja": "見どころと日ごとの訪問数", "en": "Visits by landmark and day"},
    "landmarks-by-hour": {"ja": "見どころと時刻ごとの訪問数（月）", "en": "Visits by landmark and hour in the month"},
}
_AT_LANDMARKS = {
    "ja": f"一回の訪問は、{MOST_LANDMARKS}か所までの見どころで数えます。それより多いときは、くじで選びます。",
    "en": f"A visit counts at {MOST_LANDMARKS} landmarks at most; of more, as many are drawn by lot.",
}
DEFINITIONS: Mapping[str, Words] = {
    "visits": {
        "ja": "統計に同意した訪問の数。here は現地に立った訪問、home はそれ以外。",
        "en": "Visits that agreed to statistics. here: stood inside the site; home: all others.",
    },
    "visits-by-day": {
        "ja": "その日の訪問の数。日付は現地のもの。",
        "en": "Visits on a day, by the local date.",
    },
    "languages": {
        "ja": "訪問のはじめに画面に出ていた言語。国籍ではありません。",
        "en": "The language of the pages when the visit began. It is not a nationality.",
    },
    "devices": {
        "ja": "見ていた端末の種類。わからないときは other。",
        "en": "The kind of device; other where it is not known.",
    },
    "campaigns": {
        "ja": "キャンペーンの短いリンクや二次元コードから始まった訪問。どれでもないものは none。",
        "en": "Visits that began by a short link or QR code of a campaign; none: by no campaign of that month.",
    },
    "circulation": {
        "ja": "現地の訪問のうち、近くまで行った見どころの数ごと。12 は 12 か所以上。",
        "en": "Visits on the spot by how many different landmarks they came near; 12 stands for 12 or more.",
    },
    "ar-funnel": {
        "ja": "現地の訪問が進んだいちばん先の段階。reached は、その段階かもっと先まで進んだ数。",
        "en": "The furthest step a visit on the spot came to; reached: as far as that or further.",
    },
    "landmarks": {
        "ja": f"見どころの近くまで行った現地の訪問。{_AT_LANDMARKS['ja']}",
        "en": f"Visits on the spot that came near the landmark. {_AT_LANDMARKS['en']}",
    },
    "landmarks-by-day": {
        "ja": f"その日、見どころの近くまで行った現地の訪問。{_AT_LANDMARKS['ja']}",
        "en": f"Visits on the spot that came near the landmark on that day. {_AT_LANDMARKS['en']}",
    },
    "landmarks-by-hour": {
        "ja": f"見どころの近くまで初めて行った時刻（現地の時）ごとの、ひと月の訪問。{_AT_LANDMARKS['ja']}",
        "en": f"Visits of the month by the local hour in which they first came near. {_AT_LANDMARKS['en']}",
    },
}


@dataclass(frozen=True)
class Names:
    """What landmarks and campaigns are called, in Japanese and English, by id."""

    landmarks: Mapping[str, Words]
    campaigns: Mapping[str, Words]


@dataclass(frozen=True)
class Column:
    """A column: its name, its datatype as CSVW calls it, what it holds; a number may be hidden, then its cell is empty."""

    name: str
    datatype: str
    about: Words
    is_key: bool = True


@dataclass(frozen=True)
class Table:
    """One table of a month."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def hidden(self) -> int:
        """How many of its rows hide their number."""
        at = [column.name for column in self.columns].index("visits")
        return sum(row[at] is None for row in self.rows)


_WHERE = Column("where", "string", {"ja": "here（現地）か home（それ以外）", "en": "here (on the spot) or home"})
_DATE = Column("date", "date", {"ja": "現地の日付", "en": "local date"})
_LANDMARK = Column("landmark", "string", {"ja": "見どころの記号", "en": "id of the landmark"})
_NAME_JA = Column("name_ja", "string", {"ja": "日本語の名前", "en": "name in Japanese"}, is_key=False)
_NAME_EN = Column("name_en", "string", {"ja": "英語の名前", "en": "name in English"}, is_key=False)
_VISITS = Column("visits", "integer", {"ja": "訪問の数。空欄は伏せた数", "en": "visits; empty: hidden"}, is_key=False)
_REACHED = Column(
    "reached",
    "integer",
    {"ja": "その段階以上の数。空欄は伏せた数", "en": "as far or further; empty: hidden"},
    is_key=False,
)
_ATOM: Mapping[str, Column] = {
    "languages": Column("language", "string", {"ja": "表示言語", "en": "language of the pages"}),
    "devices": Column("device", "string", {"ja": "端末の種類", "en": "kind of device"}),
    "campaigns": Column("campaign", "string", {"ja": "キャンペーンの記号", "en": "id of the campaign"}),
    "circulation": Column("landmarks", "integer", {"ja": "見どころの数", "en": "number of landmarks"}),
    "ar-funnel": Column("step", "string", {"ja": "段階", "en": "step"}),
    "landmarks-by-hour": Column("hour", "integer", {"ja": "時（0〜23）", "en": "hour of the day, 0 to 23"}),
}
_NAMED = (_LANDMARK, _NAME_JA, _NAME_EN)
_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "visits": (_WHERE, _VISITS),
    "visits-by-day": (_DATE, _WHERE, _VISITS),
    "languages": (_WHERE, _ATOM["languages"], _VISITS),
    "devices": (_WHERE, _ATOM["devices"], _VISITS),
    "campaigns": (_WHERE, _ATOM["campaigns"], _NAME_JA, _NAME_EN, _VISITS),
    "circulation": (_ATOM["circulation"], _VISITS),
    "ar-funnel": (_ATOM["ar-funnel"], _VISITS, _REACHED),
    "landmarks": (*_NAMED, _VISITS),
    "landmarks-by-day": (_DATE, *_NAMED, _VISITS),
    "landmarks-by-hour": (*_NAMED, _ATOM["landmarks-by-hour"], _VISITS),
}


def make_tables(told: Told, universe: Universe, names: Names) -> list[Table]:
    """All tables of a month, in the order of TABLES, each with a row for every cell there is."""
    return [Table(name, _COLUMNS[name], tuple(_rows(name, told, universe, names))) for name in TABLES]


def _rows(name: str, told: Told, universe: Universe, names: Names) -> Iterable[Row]:
    measure = TABLES[name]
    if measure is None:
        groups = universe.landmarks if name == "landmarks" else ("here", "home")
        for group in groups:
            lead = (group, *_name(names.landmarks, group)) if name == "landmarks" else (group,)
            yield (*lead, told.totals[group])
        return
    cells = told.cells[measure]
    by_day = name.endswith("-by-day")
    order = sorted(cells, key=lambda cell: cell[1]) if by_day else list(cells)
    for group, atom in order:
        yield _row(name, (group, atom), cells[group, atom], names) + _reached(name, atom, cells)


def _row(name: str, cell: tuple[str, str], number: int | None, names: Names) -> Row:
    group, atom = cell
    if name == "visits-by-day":
        return atom, group, number
    if name == "landmarks-by-day":
        return atom, group, *_name(names.landmarks, group), number
    if name == "landmarks-by-hour":
        return group, *_name(names.landmarks, group), int(atom), number
    if name == "campaigns":
        return group, atom, *_name(names.campaigns, atom), number
    if name == "circulation":
        return int(atom), number
    return (atom, number) if name == "ar-funnel" else (group, atom, number)


def _reached(name: str, step: str, cells: Mapping[tuple[str, str], int | None]) -> Row:
    """Of the funnel, how many came to a step or further: known where no step from there on is hidden."""
    if name != "ar-funnel":
        return ()
    further = [cells["here", one] for one in STEPS[STEPS.index(step) :]]
    return (None,) if None in further else (sum(number or 0 for number in further),)


def _name(named: Mapping[str, Words], key: str) -> tuple[str, str]:
    words = named.get(key, {})
    return words.get("ja", ""), words.get("en", "")


def expect_error(name: str, universe: Universe) -> tuple[float, float]:
    """By how many visits a number of a table differs from the counted one at most: half of all numbers, and 95 in 100.

    A Laplace variable stays within scale * ln 2 and scale * ln 20; a sum of many is nearly normal.
    """
    measure = TABLES[name]
    if measure is not None:
        scale = MEASURES[measure].scale
        return round(scale * log(2), 1), round(scale * log(20), 1)
    group = universe.landmarks[0] if name == "landmarks" and universe.landmarks else "here"
    divisions = [
        Division([0] * len(universe.atoms(one)), MEASURES[one].scale)
        for one in MEASURES
        if group in universe.groups(one)
    ]
    deviation = sqrt(total_variance(divisions))
    return round(0.6745 * deviation, 1), round(1.96 * deviation, 1)
