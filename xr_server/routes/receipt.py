"""The bytes of one PATCH on their way to the disk: taken from the line, written, hashed and made durable side by side."""

import asyncio
import hashlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, cycle
from typing import Any, BinaryIO, TypeVar

from starlette.requests import ClientDisconnect, Request

from xr_server.errors import TooLarge
from xr_server.parts import Parts
from xr_server.routes.turns import TURN_S, Turns
from xr_server.storage import uploads
from xr_server.storage.scans import StoredScan, save_received

ALGORITHMS: dict[str, Callable[[], "hashlib._Hash"]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
BLOCK_BYTES = 1024 * 1024  # or one piece more; of each upload three are in memory at most: coming, waiting, written
MOST_PIECES = 64  # of a block: on a slow line they are small, and so is what waits to be written
DURABLE_BYTES = 8 * BLOCK_BYTES  # made durable and acknowledged in the row at least this often
NICER = 5
SILENT_S = (
    60.0  # a phone that lost its line says nothing, not even that it is gone: after this it may go on by another one
)


def yield_to_visitors() -> None:
    """Let this thread wait while the event loop has work; where that cannot be, it goes on as an equal."""
    if sys.platform != "linux":
        return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICER)


# Threads of their own, and few: pages and visitors never stand in line behind a disk that uploads keep busy. An upload
# keeps to one lane, so its blocks are written in the order in which they came, the next one without waiting for the loop.
LANES = cycle([ThreadPoolExecutor(1, "upload-lane", yield_to_visitors) for _ in range(2)])
# An upload is hashed beside being written: either takes about as long as it takes to come.
HASHERS = cycle([ThreadPoolExecutor(1, "upload-hash", yield_to_visitors) for _ in range(2)])
STEPS = ThreadPoolExecutor(3, "upload-step", yield_to_visitors)  # rows, and waiting for the disk
TURNS = Turns()
Block = list[bytes]  # pieces as they came
Result = TypeVar("Result")


@dataclass(frozen=True)
class Checksum:
    """What a chunk must hash to."""

    algorithm: str
    digest: bytes


def begin(work: Callable[..., Result], *arguments: object, lane: Executor = STEPS) -> "asyncio.Future[Result]":
    """Begin something that may block, beside the event loop; what is given can be awaited."""
    return asyncio.get_running_loop().run_in_executor(lane, work, *arguments)


@dataclass
class Receipt:
    """One PATCH as it goes: how many bytes the upload has with those that came, and how many of them are where.

    came: taken from the line; written: in the file; synced: on their way to be durable; acknowledged: in the row.
    """

    parts: Parts
    scan: StoredScan
    file: BinaryIO
    checksum: Checksum | None
    came: int = field(init=False)
    written: int = field(init=False)
    synced: int = field(init=False)
    acknowledged: int = field(init=False)
    hash: "hashlib._Hash | None" = field(init=False)
    _lane: Executor = field(init=False)
    _hasher: Executor = field(init=False)
    _under_way: "deque[list[asyncio.Future[int]]]" = field(default_factory=deque, init=False)
    _syncing: "asyncio.Future[None] | None" = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.came = self.written = self.synced = self.acknowledged = self.scan.received_bytes
        self.hash = ALGORITHMS[self.checksum.algorithm]() if self.checksum else None
        self._lane, self._hasher = next(LANES), next(HASHERS)

    async def take_all(self, blocks: AsyncIterator[Block]) -> None:
        """Append what comes; acknowledge now and then, unless a checksum has to be awaited. Raises TooLarge, Conflict.

        While one block comes in, those before it are written and hashed, and those before them made durable.
        """
        try:
            async for block in blocks:
                if len(self._under_way) > 1:
                    for future in self._under_way.popleft():
                        self.written += await future
                if self.checksum is None and self.written - self.synced >= DURABLE_BYTES:
                    await self._sync_on()
                self.came += sum(map(len, block))
                if self.came > self.scan.length_bytes:
                    raise TooLarge(
                        "beyond_length", "More bytes came than Upload-Length announced; those beyond it were not kept."
                    )
                self._under_way.append(self._hand_on(block))
        finally:  # nobody closes the file under a thread that still writes
            left: list[asyncio.Future[Any]] = [*chain(*self._under_way), *([self._syncing] if self._syncing else [])]
            if left:
                await asyncio.wait(left)
            for future in left:
                self.written += future.result() or 0

    def acknowledge(self) -> None:
        """Bytes first, durably; the row after them. Raises Conflict."""
        if self.written > self.acknowledged:
            self._sync(self.written)

    def matches(self) -> bool:
        """Whether the chunk is what its checksum says; true without one."""
        return self.hash is None or self.checksum is None or self.hash.digest() == self.checksum.digest

    async def _sync_on(self) -> None:
        if self._syncing is not None:
            await self._syncing
        self._syncing, self.synced = begin(self._sync, self.written), self.written

    def _hand_on(self, block: Block) -> "list[asyncio.Future[int]]":
        """Have a block written and, in another thread at the same time, hashed; results add up to the bytes written."""
        futures = [begin(uploads.append, self.file, block, lane=self._lane)]
        if self.hash is not None:
            futures.append(begin(_add_to_hash, self.hash, block, lane=self._hasher))
        return futures

    def _sync(self, upto: int) -> None:
        path = uploads.scan_path(self.parts.settings.upload_dir, self.scan.id, self.scan.file_name)
        uploads.make_durable(self.file, None if self.acknowledged else path)
        save_received(self.parts.catalog, self.scan.id, self.acknowledged, upto, self.parts.clock())
        self.acknowledged = upto


def _add_to_hash(running: "hashlib._Hash", block: Block) -> int:
    for piece in block:
        running.update(piece)
    return 0


async def receive_body(request: Request, receipt: Receipt) -> bool:
    """Stream the body into the file; False when its checksum does not hold. A broken connection keeps what came."""
    whole = True
    try:
        await receipt.take_all(_blocks(request))
    except ClientDisconnect:
        whole = False
    return receipt.matches() and (whole or receipt.checksum is None)


async def _blocks(request: Request) -> AsyncIterator[Block]:
    """The body in blocks of about a mebibyte, what came before a broken connection included. Raises ClientDisconnect.

    Those whose lines are fast take turns; a slow one never waits for another upload.
    """
    pieces, is_quick, more = request.stream(), True, True
    while more:
        turn = await TURNS.take() if is_quick else None
        block, started_s = Block(), time.monotonic()
        try:
            more = await _gather_block(pieces, block)
        except ClientDisconnect:
            if block:
                yield block
            raise
        finally:
            is_quick = turn.end() if turn else time.monotonic() - started_s < TURN_S
        if block:
            yield block


async def _gather_block(pieces: AsyncIterator[bytes], block: Block) -> bool:
    """Take pieces into a block until it is large enough; False when no more will come.

    Raises ClientDisconnect, also when the line has been silent for a minute: the upload would stay locked for as long.
    """
    held_bytes = 0
    while held_bytes < BLOCK_BYTES and len(block) < MOST_PIECES:
        try:
            async with asyncio.timeout(SILENT_S):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise ClientDisconnect from error
        if piece is None:
            return False
        block.append(piece)
        held_bytes += len(piece)
    return True
