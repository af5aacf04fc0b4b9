"""What visitors answered: shares with their intervals, by question, language and season, on a page and as tables."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.answers import (
    ALL,
    GROUPS,
    SMALLEST_MEAN,
    Figure,
    Interval,
    Share,
    Tally,
    hide_small,
    make_figure,
    month_window,
    months_until,
    wilson,
)
from xr_server.domain.catalog import Name
from xr_server.domain.figures import SMALLEST_SHOWN, add
from xr_server.domain.languages import NAMES
from xr_server.domain.period import days_without
from xr_server.domain.published import pick
from xr_server.domain.questionnaire import Questionnaire, list_asked
from xr_server.domain.ruby import plain
from xr_server.domain.schedule import Window, quiet_dates
from xr_server.domain.season import Season
from xr_server.domain.season_days import season_ranges
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row
from xr_server.errors import Invalid
from xr_server.parts import parts_of
from xr_server.routes.exchange import XLSX
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import load_texts
from xr_server.routes.questions import Words, say_question
from xr_server.routes.spreadsheets import write_workbook
from xr_server.routes.staff import say_problem, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.answers import load_counts
from xr_server.storage.catalog import list_records, load_record
from xr_server.storage.figures import find_summed_days, load_released

LONG = 8  # of longer lists what nobody chose is left out
ALL_OF_THEM = ("", ALL)
Counts = Mapping[tuple[str, str, str], int]
"""By language or by day, question and choice."""


@dataclass(frozen=True)
class Results:
    """What a page of results is about: the questionnaire, the months that were chosen, their counts by language."""

    body: Questionnaire
    place: Place
    window: Window
    language: str  # only answers given in it; empty: all
    counts: Counts
    problem: str | None

    @cached_property
    def by_language(self) -> Mapping[str, Tally]:
        """The counts of each language in which something was answered."""
        found: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for (language, question, choice), count in self.counts.items():
            found[language][question, choice] += count
        return found

    @cached_property
    def whole(self) -> Tally:
        """The counts of all."""
        found: Counter[tuple[str, str]] = Counter()
        for tally in self.by_language.values():
            found.update(tally)
        return found

    @property
    def shown(self) -> Tally:
        """The counts of those who are looked at."""
        return self.by_language[self.language] if self.language else self.whole


def _open(request: Request, session: Session) -> Results:
    """Raises NotFound."""
    parts, place = parts_of(request), find_place(request, session)
    body = load_record(parts.catalog, Name(session.site_id, "questionnaire", request.path_params["id"])).body
    assert isinstance(body, Questionnaire)  # noqa: S101 - loaded as that kind
    query, problem = request.query_params, None
    try:
        window = month_window(query.get("from", ""), query.get("until", ""), (body.first_on, place.today))
    except Invalid as error:
        window, problem = month_window("", "", (body.first_on, place.today)), say_problem(error, place.language)
    counts = load_counts(parts.events, session.site_id, body.id, window, "language")
    results = Results(body, place, window, "", counts, problem)
    language = query.get("lang_of", "")
    return Results(body, place, window, language if language in _shown_languages(results) else "", counts, problem)


def _shown_languages(results: Results) -> list[str]:
    """The languages whose answers are enough to be looked at by themselves."""
    counts = {language: tally.get(ALL_OF_THEM, 0) for language, tally in results.by_language.items()}
    hidden = hide_small(counts)
    return [language for language in NAMES if counts.get(language) and language not in hidden]


def list_figures(results: Results) -> list[tuple[Words, Figure]]:
    """What is shown of each question, with its words."""
    whole = results.whole if results.language else None
    return [
        (say_question(results.body, one, results.place.language), make_figure(one, results.shown, whole))
        for one in list_asked(results.body)
    ]


@page("read_figures")
def show_answers(request: Request, session: Session) -> Response:
    """Every question with its answers as a chart and a table, how many answered at all, and by language and season."""
    results = _open(request, session)
    body, place = results.body, results.place
    answered = results.shown.get(ALL_OF_THEM, 0)
    shown = answered if answered >= SMALLEST_SHOWN else None
    values = {
        "body": body,
        "title": plain(pick(body.title, place.language)) or body.id,
        "problem": results.problem,
        "months": [(month, _say_month(month, place.language)) for month in months_until(body.first_on, place.today)],
        "from_month": f"{results.window.from_on:%Y-%m}",
        "until_month": f"{results.window.until_on:%Y-%m}",
        "lang_of": results.language,
        "spoken": [(language, plain(NAMES[language])) for language in _shown_languages(results)],
        "answered": shown,
        "any": answered > 0,
        "rate": None if results.language or shown is None else _response(request, session, results, shown),
        "range": (
            say_date(results.window.from_on, place.language),
            say_date(min(results.window.until_on, place.today), place.language),
        ),
        "figures": [_describe(words, figure, place.language) for words, figure in list_figures(results)]
        if shown
        else [],
        "languages": _by_language(results),
        "seasons": _by_season(request, session, results),
        "smallest": SMALLEST_SHOWN,
        "smallest_mean": SMALLEST_MEAN,
        "query": f"from={results.window.from_on:%Y-%m}&until={results.window.until_on:%Y-%m}&lang_of={results.language}",
    }
    return staff_page(request, session, "desk/answers.html", values)


def _say_month(month: str, language: str) -> str:
    year, number = month.split("-")
    name = load_texts(language)["visitor.ui.months"].split(" ")[int(number) - 1]
    return f"{year}年{name}月" if language == "ja" else f"{name} {year}"


def _response(request: Request, session: Session, results: Results, answered: int) -> dict[str, Any]:
    """How many of the visits that were asked have answered, once every day of the months shown is final.

    Visits that are not counted at all are missing there.
    """
    parts, body, site_id = parts_of(request), results.body, session.site_id
    first = max(results.window.from_on, date.fromisoformat(body.first_on))
    last = min(results.window.until_on, date.fromisoformat(body.last_on or results.window.until_on.isoformat()))
    final = find_summed_days(parts.events, site_id)
    if final is None or final.until_on < last:
        return {"later": True, "visits": None, "share": None}
    asked = Window(first, max(first, last))
    windows = days_without(asked, quiet_dates(results.place.site.quiet_days, asked))
    visits = add(load_released(parts.events, site_id, "all", window, "").get("", "all") for window in windows).visits
    share = wilson(answered, visits) if visits is not None and visits >= answered else None
    return {"later": False, "visits": visits, "share": share and _say_share(share)}


def _say_share(share: Interval) -> tuple[str, str]:
    """A share and its interval in percent."""
    return f"{100 * share.value:.0f}", f"{100 * share.low:.0f}–{100 * share.high:.0f}"


def _say_value(value: Interval | None, digits: int) -> tuple[str, str] | None:
    """A mean or a score and its interval; a minus as a minus."""
    if value is None:
        return None
    low, high = (f"{bound:.{digits}f}".replace("-", "−") for bound in (value.low, value.high))
    return f"{value.value:.{digits}f}".replace(
        "-", "−"
    ), f"{low}–{high}" if "−" not in low + high else f"{low} … {high}"


def _describe(words: Words, figure: Figure, language: str) -> dict[str, Any]:
    texts = load_texts(language)
    groups = {name: texts[f"questionnaires.group_{name}"] for name in GROUPS}
    gone, is_score = texts["questionnaires.earlier_choice"], figure.question == "recommend"
    is_long = len(figure.shares) > LONG and not is_score
    is_scale = figure.question in ("satisfaction", "again")
    rows = [_row(share, words.choices, gone) for share in figure.shares if share.count != 0 or not is_long]
    shown = [share for share in figure.shares if share.count]
    most = max(shown, key=lambda share: share.count or 0, default=None)
    return {
        "id": figure.question,
        "words": plain(words.text),
        "told_in": words.told_in,
        "answered": figure.answered,
        "rows": [] if is_score and figure.hidden == len(figure.shares) else rows,  # the groups say it
        "groups": [_row(share, groups, "") for share in figure.groups],
        "mean": _say_value(figure.mean, 1),
        "nps": _say_value(figure.nps, 0),
        "hidden": figure.hidden if figure.answered is not None else 0,
        "most": _row(most, words.choices, gone) if most and not (is_scale or is_score) else None,
        "scale": is_scale,
        "score": is_score,
    }


def _row(share: Share, names: Mapping[str, str], gone: str) -> dict[str, Any]:
    said = _say_share(share.share) if share.share else None
    name = names.get(share.choice) or f"{gone} ({share.choice})"
    return {
        "name": plain(name),
        "count": share.count,
        "percent": said[0] if said else None,
        "between": said[1] if said else None,
        "width": round(100 * share.share.value, 1) if share.share else 0,
    }


def _by_language(results: Results) -> list[dict[str, Any]]:
    """How many answered in each language, and how satisfied they were."""
    shown = _shown_languages(results)
    return [
        {"name": plain(NAMES[language]), **_key_figures(results, results.by_language[language], language in shown)}
        for language in NAMES
        if language in results.by_language
    ]


def _by_season(request: Request, session: Session, results: Results) -> list[dict[str, Any]]:
    """The same for the seasons that touch the months shown; seasons may overlap."""
    parts = parts_of(request)
    stored = list_records(parts.catalog, session.site_id, "season")
    by_day = load_counts(parts.events, session.site_id, results.body.id, results.window, "day")
    rows = []
    for season in [one.body for one in stored if one.published_revision and isinstance(one.body, Season)]:
        try:
            ranges = season_ranges(season, results.window)
        except Invalid:  # the season's own page says what is amiss with it
            continue
        tally = _of_days(by_day, ranges)
        if ranges and tally.get(ALL_OF_THEM):
            name = plain(pick(season.name, results.place.language)) or season.id
            rows.append({"name": name, **_key_figures(results, tally, shown=True)})
    return rows


def _of_days(by_day: Counts, ranges: Sequence[tuple[date, date]]) -> Tally:
    days = [(first.isoformat(), last.isoformat()) for first, last in ranges]
    found: Counter[tuple[str, str]] = Counter()
    for (day, question, choice), count in by_day.items():
        if any(first <= day <= last for first, last in days):
            found[question, choice] += count
    return found


def _key_figures(results: Results, tally: Tally, shown: bool) -> dict[str, Any]:
    count = tally.get(ALL_OF_THEM, 0)
    rest = results.whole.get(ALL_OF_THEM, 0) - count
    if not shown or count < SMALLEST_SHOWN or 0 < rest < SMALLEST_SHOWN:
        return {"count": None, "satisfaction": None, "nps": None}
    figures = {one.id: make_figure(one, tally, results.whole) for one in list_asked(results.body)}
    satisfaction, recommend = figures.get("satisfaction"), figures.get("recommend")
    return {
        "count": count,
        "satisfaction": _say_value(satisfaction.mean, 1) if satisfaction else None,
        "nps": _say_value(recommend.nps, 0) if recommend else None,
    }


def list_rows(results: Results) -> Iterator[list[str | int | float | None]]:
    """The results as a table: a row for each answer, with its share in percent and the interval; hidden cells are empty."""
    texts = load_texts(results.place.language)
    yield [texts[f"questionnaires.column_{name}"] for name in ("question", "answer", "count", "percent", "low", "high")]
    for words, figure in list_figures(results):
        question = plain(words.text)
        yield [question, texts["questionnaires.answered_question"], figure.answered, None, None, None]
        for share in (*figure.shares, *figure.groups):
            name = words.choices.get(share.choice) or texts.get(f"questionnaires.group_{share.choice}", share.choice)
            bounds = share.share and (share.share.value, share.share.low, share.share.high)
            percents = [round(100 * bound, 1) for bound in bounds] if bounds else [None, None, None]
            yield [question, plain(name), share.count, *percents]
        for key, value in (("mean", figure.mean), ("nps", figure.nps)):
            if value is not None:
                label = texts[f"questionnaires.{key}"]
                yield [question, label, None, round(value.value, 2), round(value.low, 2), round(value.high, 2)]


@page("read_figures")
def send_csv(request: Request, session: Session) -> Response:
    """The results as CSV."""
    results = _open(request, session)
    text = BYTE_ORDER_MARK + "".join(dump_row(row) for row in list_rows(results))
    return _send(text.encode(), "text/csv; charset=utf-8", f"{results.body.id}.csv")


@page("read_figures")
def send_workbook(request: Request, session: Session) -> Response:
    """The results as XLSX."""
    results = _open(request, session)
    return _send(write_workbook(list(list_rows(results)), "answers"), XLSX, f"{results.body.id}.xlsx")


def _send(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type=media_type)


routes = [
    Route("/desk/questionnaires/{id}/answers", show_answers),
    Route("/desk/questionnaires/{id}/answers.csv", send_csv),
    Route("/desk/questionnaires/{id}/answers.xlsx", send_workbook),
]
