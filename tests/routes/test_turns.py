"""Turns of uploads in the event loop."""

import asyncio

from xr_server.routes.turns import Turns


async def goes_on(*waiting: "asyncio.Task[object]") -> list[bool]:
    """Which of the waiting have got their turn, once the loop has done what it has to do."""
    for _ in range(3):
        await asyncio.sleep(0)
    return [task.done() for task in waiting]


def test_two_bring_their_bytes_and_the_third_waits_for_one_of_them():
    async def run():
        turns = Turns()
        first, _second = await turns.take(), await turns.take()
        third, fourth = (asyncio.create_task(turns.take()) for _ in range(2))
        assert await goes_on(third, fourth) == [False, False]
        assert first.end()
        assert await goes_on(third, fourth) == [True, False]
        assert (await third).end()
        assert await goes_on(fourth) == [True]

    asyncio.run(run())


def test_who_waits_for_a_slow_line_gives_the_place_back_and_only_once():
    async def run():
        turns = Turns(places=1)
        slow, other = await turns.take(), asyncio.create_task(turns.take())
        quick = await other  # nobody has ended the first turn
        third = asyncio.create_task(turns.take())
        assert not slow.end()
        assert await goes_on(third) == [False]
        quick.end()
        assert await goes_on(third) == [True]

    asyncio.run(run())


def test_an_upload_that_breaks_off_while_it_waits_takes_no_place():
    async def run():
        turns = Turns(places=1)
        first, gone, just_given = await turns.take(), *(asyncio.create_task(turns.take()) for _ in range(2))
        await goes_on(gone)
        gone.cancel()
        first.end()
        just_given.cancel()  # its place has been given to it a moment ago
        await goes_on(gone, just_given)
        assert (await turns.take()).end()

    asyncio.run(run())
