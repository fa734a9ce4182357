"""Figures that tests count, told at the end of the run, whichever process counted them (security.md, section 2)."""

from collections.abc import Callable

import pytest

_NAME = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tell a figure: it stands with the test's name below the results, and with the test in a report for machines."""
    return lambda words: record_property(_NAME, words)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of all tests, one a line."""
    told = [
        f"{report.nodeid.rpartition('::')[2]}: {words}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, words in report.user_properties
        if name == _NAME
    ]
    if told:
        terminalreporter.section("figures")
        for line in sorted(told):
            terminalreporter.write_line(line)
