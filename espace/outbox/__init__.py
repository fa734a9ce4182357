"""Events and deliveries written with the data, claimed by the worker. Knows no room."""

from .services import on, post, sweep, waiting, work

__all__ = ["on", "post", "sweep", "waiting", "work"]
