"""What can go wrong while a visitor takes Dejima along; each time something stays, and a sentence says what to do."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.offline import TAKE, TAKEN, begin_taking, expect_taken, kept_paths, open_line, set_quota, take_along
from tests.journeys.sites import Served
from tests.journeys.visiting import count_colours, eventually, wait_for_mark

HOME = "/en/dejima/"
GATE_XR = "/en/dejima/xr/water-gate-1820"
NO_ESTIMATE = "Object.defineProperty(navigator.storage, 'estimate', { value: undefined })"
SILENCE_MS = 20_000
LITTLE_BYTES = 200_000
# Chromium says the same to every page, whatever room there is; other browsers say how much
LITTLE_ROOM = f"navigator.storage.estimate = async () => ({{ quota: {LITTLE_BYTES}, usage: 0 }})"
pytestmark = pytest.mark.long  # every one waits for lines, servers or frames


def test_a_connection_that_drops_is_waited_for_and_nothing_is_fetched_twice(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    with open_line(new_site.port) as line:
        phone = open_phone(base_url=line.url)
        phone.goto(HOME)
        begin_taking(phone, tap=False)
        line.cut(after_bytes=120_000)
        phone.locator(f"{TAKE} button").first.click()
        expect(phone.locator(TAKE)).to_contain_text("The connection is gone")
        before = set(kept_paths(phone))
        assert before
        again: list[str] = []
        phone.on("request", lambda request: again.append(request.url.removeprefix(line.url)))
        line.mend()
        expect_taken(phone)
        assert not before & set(again)


def test_a_connection_that_has_fallen_silent_is_given_up_and_another_one_goes_on(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    with open_line(new_site.port) as line:
        phone = open_phone(base_url=line.url)
        phone.goto(HOME)
        begin_taking(phone, tap=False)
        phone.clock.install()
        line.strand()
        phone.locator(f"{TAKE} button").first.click()
        expect(phone.locator(TAKE)).to_contain_text("of 1.4 MB are here")
        phone.clock.fast_forward(SILENCE_MS)
        expect(phone.locator(TAKE)).to_contain_text("The connection is gone")

        def is_taken() -> bool:
            phone.clock.fast_forward(SILENCE_MS)  # the browser held more connections than were tried at first
            return TAKEN in phone.locator(TAKE).inner_text()

        eventually(phone, is_taken, "new connections bring the rest")


def test_a_page_that_is_gone_half_way_goes_on_where_it_was(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    with open_line(new_site.port) as line:
        phone = open_phone(base_url=line.url)
        phone.goto(HOME)
        begin_taking(phone, tap=False)
        line.cut(after_bytes=120_000)
        phone.locator(f"{TAKE} button").first.click()
        expect(phone.locator(TAKE)).to_contain_text("The connection is gone")
        before = set(kept_paths(phone))
        context = phone.context
        phone.close(run_before_unload=False)
        line.mend()
        other = context.new_page()  # not the page that began it
        other.goto(f"{line.url}/en/dejima/help")
        eventually(other, lambda: len(kept_paths(other)) > len(before), "another page goes on")
        other.goto(f"{line.url}{HOME}")
        other.locator(TAKE).scroll_into_view_if_needed()
        expect_taken(other)
        assert before < set(kept_paths(other))


def test_a_stop_keeps_what_is_there_and_offers_to_go_on(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    with open_line(new_site.port) as line:
        phone = open_phone(base_url=line.url)
        phone.goto(HOME)
        begin_taking(phone, tap=False)
        line.cut(after_bytes=120_000)
        phone.locator(f"{TAKE} button").first.click()
        expect(phone.locator(TAKE)).to_contain_text("The connection is gone")
        phone.get_by_role("button", name="Stop").click()
        expect(phone.locator(TAKE)).to_contain_text("Part of it is here")
        line.mend()
        phone.get_by_role("button", name=re.compile("Go on")).click()
        expect_taken(phone)


def test_a_damaged_file_is_thrown_away_said_and_fetched_again_when_it_is_whole(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    [model, *_] = sorted(new_site.settings.package_dir.glob("*/lod2*.glb"))
    for path in model.parent.glob("lod2*.glb"):
        path.rename(path.with_suffix(".whole"))
        path.write_bytes(bytes([byte ^ 1 for byte in path.with_suffix(".whole").read_bytes()]))
    phone = open_phone(base_url=new_site.url)
    phone.goto(HOME)
    begin_taking(phone)
    expect(phone.locator(TAKE)).to_contain_text("damaged twice")
    assert len([path for path in kept_paths(phone) if path.endswith(".glb")]) == 2
    for path in model.parent.glob("lod2*.whole"):
        path.replace(path.with_suffix(".glb"))
    phone.get_by_role("button", name=re.compile("Go on")).click()
    expect_taken(phone)
    assert len([path for path in kept_paths(phone) if path.endswith(".glb")]) == 3


def test_too_little_room_is_said_before_anything_is_fetched(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.add_init_script(LITTLE_ROOM)
    phone.goto(HOME)
    begin_taking(phone, tap=False)
    phone.locator(f"{TAKE} button").first.click()
    expect(phone.locator(TAKE)).to_contain_text("There is not enough room on this phone")
    assert kept_paths(phone) == []


def test_a_phone_that_fills_up_half_way_keeps_what_came_and_goes_on_later(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.add_init_script(NO_ESTIMATE)
    phone.goto(HOME)
    begin_taking(phone, tap=False)
    used = phone.context.new_cdp_session(phone).send("Storage.getUsageAndQuota", {"origin": new_site.url})["usage"]
    session = set_quota(phone, new_site.url, int(used) + LITTLE_BYTES)
    phone.locator(f"{TAKE} button").first.click()
    expect(phone.locator(TAKE)).to_contain_text("storage is full")
    session.send("Storage.overrideQuotaForOrigin", {"origin": new_site.url})
    phone.get_by_role("button", name=re.compile("Go on")).click()
    expect_taken(phone)


def test_a_phone_that_has_cleared_it_says_so_and_takes_it_again(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.goto(HOME)
    take_along(phone)
    session = phone.context.new_cdp_session(phone)
    session.send("Storage.clearDataForOrigin", {"origin": new_site.url, "storageTypes": "cache_storage"})
    phone.reload()
    phone.locator(TAKE).scroll_into_view_if_needed()
    expect(phone.locator(TAKE)).to_contain_text("The phone has cleared part of this")
    phone.get_by_role("button", name=re.compile("Go on")).click()
    expect_taken(phone)
    new_site.stop("server")
    phone.goto(GATE_XR)
    wait_for_mark(phone, "first3d")
    assert count_colours(phone.locator("canvas[role=img]")) > 10


def test_a_signal_that_is_almost_gone_is_not_waited_for_long(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    with open_line(new_site.port) as line:
        phone = open_phone(base_url=line.url)
        phone.goto(HOME)
        take_along(phone)
        line.stall()
        phone.goto(GATE_XR)
        wait_for_mark(phone, "first3d")
        assert count_colours(phone.locator("canvas[role=img]")) > 10
