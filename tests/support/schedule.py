"""Which tests one process takes together, when several run (`pytest -n`): those that share something slow to make.

The `xdist_group` marks of pytest-xdist 3.8 have no effect under pytest 9.2, which keeps the ids of tests elsewhere.
"""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/browser/", "tests/demo/test_running_demo.py", "tests/house/test_wheel.py")
"""Beginnings of ids: a demo and a browser, a demo, a wheel."""


class Schedule(LoadScopeScheduling):  # type: ignore[misc]
    """Tests go one by one to the process that is free, those of `TOGETHER` first and as one."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)
