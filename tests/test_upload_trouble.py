"""Uploads in trouble, against a running server: a body that dribbles or falls silent, and a deletion in the middle of one."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.bare_sites import CHUNK_TYPE, begin_upload, make_bare_site, offset_of, send_bytes, sign_in
from tests.journeys.sites import Served
from tests.test_killed import start_patch, wait_for
from xr_server.routes import receipt


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    site.start_server()
    yield site
    site.stop()


def answer_of(sock: socket.socket) -> bytes:
    sock.settimeout(30)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = sock.recv(4096)
        if not piece:
            break
        answer += piece
    return answer


def test_a_slow_body_holds_nobody_else_up_and_what_came_of_it_is_kept(site: Served) -> None:
    data = random.Random(7).randbytes(200_000)
    with closing(sign_in(site)) as client:
        slow, quick = begin_upload(client, len(data), "slow.ply"), begin_upload(client, len(data), "quick.ply")
        sock = start_patch(site, client, slow, data)  # all but the last thousand bytes
        for at in range(4):  # dribbles on, a few bytes at a time
            sock.sendall(data[-1000 + at : -999 + at])
            started_s = time.monotonic()
            assert client.get("/healthz").status_code == 200
            assert time.monotonic() - started_s < 5
        assert send_bytes(client, quick, 0, data) == len(data)
        second = client.patch(
            slow,
            content=data,
            headers={"Upload-Offset": str(offset_of(client, slow)), "Content-Type": CHUNK_TYPE},
        )
        assert second.status_code in (409, 423)  # one writer at a time
        sock.close()  # the phone has gone into a tunnel
        wait_for(lambda: offset_of(client, slow) == len(data) - 996)
        assert send_bytes(client, slow, len(data) - 996, data[-996:]) == len(data)
        (path,) = Path(site.settings.upload_dir, slow.rpartition("/")[2]).iterdir()
        assert path.read_bytes() == data


def test_an_upload_that_is_deleted_in_the_middle_of_a_chunk_leaves_nothing(site: Served) -> None:
    data = random.Random(8).randbytes(300_000)
    with closing(sign_in(site)) as client:
        location = begin_upload(client, len(data), "gone.ply")
        sock = start_patch(site, client, location, data)
        time.sleep(0.2)
        assert client.delete(location).status_code == 204
        sock.sendall(data[-1000:])
        status = int(answer_of(sock).split(b" ")[1])
        sock.close()
        assert status in (409, 410)
        assert client.head(location).status_code == 410
        assert list(Path(site.settings.upload_dir).iterdir()) == []


class Silent:
    """A request whose body falls silent after its first piece, on a connection that nobody closes."""

    async def stream(self) -> AsyncIterator[bytes]:
        yield b"the beginning"
        await asyncio.sleep(3600)


def test_a_body_that_falls_silent_is_let_go_with_what_came_so_that_the_phone_can_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receipt, "SILENT_S", 0.05)

    async def read() -> list[bytes]:
        came: list[bytes] = []
        with pytest.raises(receipt.ClientDisconnect):
            async for block in receipt._blocks(Silent()):  # type: ignore[arg-type]
                came += block
        return came

    assert asyncio.run(read()) == [b"the beginning"]
