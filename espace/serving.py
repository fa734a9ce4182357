"""The web role: gunicorn with threads, configured from code."""

from typing import Any

from gunicorn.app.base import BaseApplication

from .settings import Settings


def serve(settings: Settings, *, bind: str, processes: int, threads: int) -> None:
    """Serve until stopped. Each process opens its own machines after the fork."""
    _Server(settings, {"bind": bind, "workers": processes, "threads": threads, **_FIXED}).run()


_FIXED: dict[str, Any] = {
    "worker_class": "gthread",
    "timeout": 60,
    "graceful_timeout": 10,
    "keepalive": 15,
    "accesslog": None,  # addresses of pages carry record ids: no access log (security.md R28)
    "loglevel": "warning",
    "limit_request_line": 4094,
    "limit_request_field_size": 8190,
    "control_socket_disable": True,
}


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> Any:
        from . import create_app
        from .machines import Machines

        return create_app(Machines.open(self._settings))
