"""Where the family's pages of a record hang."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint


class _Pages(Blueprint):
    """Views of several modules under one name: each is known by its module's and its own, and none hides another."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,  # noqa: FBT001 - Flask's signature
        **options: Any,
    ) -> None:
        """Mount a view under its own name."""
        if endpoint is None and view_func is not None:
            endpoint = f"{view_func.__module__.rpartition('.')[2]}_{view_func.__name__}"
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


record_pages = _Pages("family", __name__)
