"""The report of a month on paper, and the page of what happens now: as Chromium prints and shows them to staff."""

import io
from collections.abc import Callable
from datetime import date

import pypdfium2
from playwright.sync_api import Page, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.sites import Served
from tests.released import release
from xr_server.domain.days import Window, each_day

MARCH = Window(date(2019, 3, 1), date(2019, 3, 31))  # a month that no other journey looks at
CELLS = [
    ("all", "", "all", 300),
    ("visits", "", "here", 200),
    ("visits", "", "home", 100),
    ("landmark", "suimon", "seen", 150),
    *(("hour", "suimon", f"{hour}", 15) for hour in range(9, 18)),
    *(("dwell", "suimon", bucket, 30) for bucket in ("30", "60", "120", "240", "600")),
    *(("circulation", "", number, visits) for number, visits in (("1", 80), ("2", 70), ("3", 50))),
    *(("language", "here", tongue, visits) for tongue, visits in (("ja", 120), ("en", 50), ("ko", 30))),
    *(("funnel", "", step, visits) for step, visits in (("triggered", 40), ("ar", 30), ("completed", 20))),
]
A4_PT = (595, 842)


def put_in(served: Served) -> None:
    events = served.open_events()
    days = [day.isoformat() for day in each_day(MARCH.from_on, MARCH.until_on)]
    release(events, [(*cell[:3], day, day, cell[3]) for cell in CELLS for day in days])
    events.dispose()


def print_on_paper(desk: Page) -> list[str]:
    """The text of each page as a printer would get it; every page is A4 upright and has something on it."""
    paper = pypdfium2.PdfDocument(io.BytesIO(desk.pdf(prefer_css_page_size=True, print_background=True)))
    texts = []
    for at in range(len(paper)):
        sheet = paper[at]
        assert tuple(round(side) for side in sheet.get_size()) == A4_PT
        picture = sheet.render(scale=0.5, grayscale=True).to_numpy()
        assert (picture < 128).mean() > 0.001, f"page {at + 1} is empty"
        assert (picture[:, -8:] > 200).all(), f"page {at + 1} runs over its right edge"
        texts.append(sheet.get_textpage().get_text_range())
    return texts


def test_the_month_is_printed_in_japanese_on_a4_with_its_charts(
    served: Served, staff_login: Callable[..., Page]
) -> None:
    put_in(served)
    desk = staff_login(language="ja")
    desk.goto("/desk/figures/report/2019-03")
    expect(desk.get_by_role("heading", name="2019年3月 月次報告")).to_be_visible()
    numbered = desk.locator(".report-figure:has(.chart-of):has(td[data-value])")  # of what is hidden nothing is drawn
    assert numbered.count() > 5
    expect(desk.locator(".chart-of svg.drawn")).to_have_count(numbered.count())
    assert violations(desk) == [] and width_beyond(desk) == 0
    texts = print_on_paper(desk)
    whole = "".join(texts).replace("\n", "").replace("\r", "")
    assert "2019年3月 月次報告" in texts[0] and "6,200" in texts[0]
    assert "水門" in whole and "数字の説明" in whole and "メニュー" not in whole
    assert all(f"{number} / {len(texts)}" in text for number, text in enumerate(texts, 1))
    for page, name in (
        ("now", "今のようす"),
        ("quality?from=2019-03-01&until=2019-03-31", "記録の状態"),
        ("targets/2019", "目標"),
    ):
        desk.goto(f"/desk/figures/{page}")
        expect(desk.get_by_role("heading", level=1, name=name)).to_be_visible()
        assert violations(desk) == [] and width_beyond(desk) == 0
