"""The command: build, measure, print."""

import json
import logging
from collections.abc import Mapping

import click
import structlog

from . import deciding, mail, space
from .deciding import Rate
from .house import DOCUMENTS, bench_house
from .requests import Figure, measure

SMTP = "smtp"
"""The name of the part that measures secure mail."""
_FEW = 20
"""Documents, where they are not what is measured."""


def run(*, rounds: int, as_json: bool, only: str = "") -> None:
    """Measure in a house built for it, and print one row per request with its parts; `only` smtp, or everything."""
    with bench_house(_FEW if only else DOCUMENTS) as house:
        # Lines of the log cost what the terminal costs: they are not what is measured.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        house.machines.bind()
        secure = mail.measure(house, rounds)  # first: the holder's proof and the professional's sessions grow old later
        figures = secure if only == SMTP else [*measure(house, rounds), *secure]
        house.machines.bind()
        sizes = {} if only else space.measured()
        rates = [] if only else deciding.measured(rounds)
    if as_json:
        asked, decided = [one.as_json() for one in figures], [one.as_json() for one in rates]
        click.echo(json.dumps({"requests": asked, "decisions": decided, "bytes": dict(sizes)}, indent=1))
    else:
        lines = _lines(figures)
        if not only:
            lines += ["", *_rates(rates), "", "bytes in the database for each row", *_sizes(sizes)]
        click.echo("\n".join(lines))


def _lines(figures: list[Figure]) -> list[str]:
    head = f"{'request':<40} {'CPU ms':>7} {'parts':>7} {'ratio':>6} {'wall':>7} {'SQL':>4} {'commits':>7} {'bytes':>9}"
    rows = [head, "-" * len(head)]
    for figure in figures:
        total = sum(figure.parts.values())
        rows.append(
            f"{figure.name:<40} {figure.cpu_ms:>7.2f} {total:>7.2f} {figure.ratio:>6.2f} {figure.wall_ms:>7.2f} "
            f"{figure.statements:>4} {figure.commits:>7} {figure.bytes:>9}"
        )
        rows.append("    " + ", ".join(f"{name} {cost:.2f}" for name, cost in figure.parts.items()))
    return rows


def _rates(rates: list[Rate]) -> list[str]:
    head = f"{'policy':<48} {'a second':>10} {'floor':>11} {'ratio':>6}"
    rows = [f"{one.name:<48} {one.a_second:>10,.0f} {one.floor_a_second:>11,.0f} {one.ratio:>6.1f}" for one in rates]
    return [head, "-" * len(head), *rows]


def _sizes(sizes: Mapping[str, float]) -> list[str]:
    return [f"{name:<40} {size:>7.0f}" for name, size in sizes.items()]
