"""Measuring in process CPU time, and counting what the machines were asked for."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from espace.db import Database


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians over the rounds, in milliseconds."""

    cpu: float
    wall: float


@dataclass(slots=True)
class Counts:
    """What one round asked of the database."""

    statements: int = 0
    commits: int = 0
    reads: list[tuple[str, Any]] = field(default_factory=list)
    """The statements that only read, with their values."""


def timed(act: Callable[[], Any], rounds: int) -> Timing:
    """The medians of `rounds` runs of `act`, after a warm-up of a tenth of them."""
    for _ in range(max(1, rounds // 10)):
        act()
    cpu, wall = [], []
    for _ in range(rounds):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        act()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    return Timing(statistics.median(cpu) * 1000, statistics.median(wall) * 1000)


@contextmanager
def counted(database: Database) -> Iterator[Counts]:
    """Count the statements and durable commits made inside the block."""
    counts = Counts()

    def count_statement(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        counts.statements += 1
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            counts.reads.append((statement, values))

    def count_commit(*_: Any) -> None:
        counts.commits += 1

    engines = {id(engine.pool): engine for engine in (database.reader, database.writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count_statement)
    event.listen(database.writer, "commit", count_commit)
    try:
        yield counts
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count_statement)
        event.remove(database.writer, "commit", count_commit)
