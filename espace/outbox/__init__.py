"""Events and deliveries written with the data, claimed by the worker. Knows no room."""

from .services import Handler, given_up, in_trouble, on, post, sweep, waiting, work

__all__ = ["Handler", "given_up", "in_trouble", "on", "post", "sweep", "waiting", "work"]
