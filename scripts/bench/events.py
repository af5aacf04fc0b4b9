"""How many events a second are stored for good, beside a bare Starlette handler that stores nothing, in turns.

Usage: python scripts/bench/events.py [--rounds 5] [--stores SQLite,PostgreSQL] [--workers 1]
       python scripts/bench/events.py --kills 200     kill -9 of the server under load, 200 times on each store
       python scripts/bench/events.py --cuts 200      power cuts under the store on SQLite, simulated (needs strace)
Servers, database and load are processes of their own on the same machine, so that they share its processors: compare
rows of one table only. CPU is that of the server and, beside it, of PostgreSQL.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from event_kills import run_kills
from event_power import run_cuts
from event_site import BARE, FOLDER, REAL, Server, Store, postgres_store, sqlite_store
from sqlalchemy import func, select

from xr_server.storage.tables.events import engagement_event

CONNECTIONS = 32
WORKLOADS = {1: 12_000, 20: 4_000}  # requests of one round, by events a request
STORES = {"SQLite": sqlite_store, "PostgreSQL": postgres_store}
TOKENS_FOR = 900  # events a token is used for: below its budget


@dataclass(frozen=True)
class Row:
    """One round of one server."""

    events_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    database_us: float


def run_load(server: Server, requests: int, events: int, tokens: list[str]) -> Row:
    """Send requests to a server and give what it took. Ends the program when anything was refused or not stored."""
    command = [sys.executable, str(Path(__file__).parent / "event_load.py")]
    command += [str(number) for number in (server.port, CONNECTIONS, requests, events)]
    before = server.cpu_s()
    done = subprocess.run(command, input=json.dumps(tokens).encode(), stdout=subprocess.PIPE, check=True)
    after = server.cpu_s()
    outcome, total = json.loads(done.stdout), requests * events
    if outcome["statuses"] != {"200": requests} or outcome["accepted"] != total:
        raise SystemExit(f"not everything was taken: {outcome['statuses']}, {outcome['accepted']} of {total} events")
    used = {name: (after[name] - before[name]) / total * 1e6 for name in after}
    return Row(total / outcome["seconds"], outcome["p50_ms"], outcome["p99_ms"], used["server"], used["database"])


def count_stored(store: Store) -> int:
    """Events that stand in the store."""
    engine = store.open_events()
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(engagement_event))
    engine.dispose()
    return int(count or 0)


def run_rounds(store: Store, rounds: int, workers: int) -> Iterator[tuple[str, int, Row]]:
    """The real server and the bare one in turns, on each workload."""
    sent = count_stored(store)
    with store.serve(REAL, workers) as real, store.serve(BARE, workers) as bare:
        for number in range(rounds + 1):
            for events, requests in WORKLOADS.items():
                tokens = real.make_tokens(-(-requests * events // TOKENS_FOR))
                for name, server in ((store.name, real), ("bare", bare)):
                    row = run_load(server, requests, events, tokens)
                    if number:  # the first round warms up
                        yield name, events, row
                sent += requests * events
        if count_stored(store) != sent:
            raise SystemExit(f"{store.name} holds {count_stored(store)} of {sent} events")


def show(rows: list[tuple[str, int, Row]]) -> None:
    """The table, as it stands in docs/measured.md: medians, and in brackets the best round."""
    for events in WORKLOADS:
        for name in dict.fromkeys(name for name, _, _ in rows):
            mine = [row for one, size, row in rows if (one, size) == (name, events)]
            mid = {key: statistics.median(getattr(row, key) for row in mine) for key in Row.__dataclass_fields__}
            best = max(row.events_per_s for row in mine)
            say(
                f"| {name} | {events} | {mid['events_per_s']:,.0f} ({best:,.0f}) | {mid['p50_ms']:.1f} | {mid['p99_ms']:.1f} "
                f"| {mid['cpu_us']:.0f} | {mid['database_us']:.0f} |"
            )


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def compare(store: Store, rounds: int, workers: int) -> None:
    """Print the rows of a store."""
    say("| server | events a request | events/s (best) | p50 ms | p99 ms | CPU us/event | database us/event |")
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    show(list(run_rounds(store, rounds, workers)))


def read_arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0, help="kill the server so many times instead")
    parser.add_argument(
        "--cuts", type=int, default=0, help="cut the power under the store on SQLite so many times instead"
    )
    parser.add_argument(
        "--unsynced", action="store_true", help="cut it where commits do not wait for the disk: that loses"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, kill or cut, and print; ends with 1 when anything acknowledged was lost."""
    arguments = read_arguments()
    chance = random.Random(arguments.kills or arguments.cuts)  # noqa: S311 - the same moments each time
    if arguments.cuts:
        cut = run_cuts(arguments.cuts, chance, synchronous="NORMAL" if arguments.unsynced else "FULL")
        say(f"SQLite: {cut}")
        sys.exit(not cut.harmless)
    for name in arguments.stores.split(","):
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with STORES[name](folder) as store:
            if not arguments.kills:
                compare(store, arguments.rounds, arguments.workers)
                continue
            killed = run_kills(store, arguments.kills, chance, say)
            say(f"{name}: {killed}")
            if not killed.harmless:
                sys.exit(1)


if __name__ == "__main__":
    main()
