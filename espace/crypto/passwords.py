"""Password hashing: argon2id, as many at once as there are cores, the others wait (security.md R1)."""

import os
import threading
from contextvars import ContextVar
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.low_level import Type

from espace.errors import BusyError

MAX_LENGTH = 128
WAIT_SECONDS = 5


class Hasher:
    """argon2id with the parameters of security.md R1 unless told otherwise (tests hand in a light one)."""

    def __init__(self, *, memory_kib: int = 64 * 1024, time_cost: int = 3, lanes: int = 4) -> None:
        self._argon = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)

    def hash(self, password: str) -> str:
        """Hash a password that `accounts` found acceptable."""
        self._enter()
        try:
            return self._argon.hash(password)
        finally:
            self._slots.release()

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one behind `stored`; with None the same work is done, for nothing (R5)."""
        if len(password) > MAX_LENGTH:
            return False
        self._enter()
        try:
            return self._argon.verify(stored or self._nobody, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False
        finally:
            self._slots.release()

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters and should be made anew at the next sign-in."""
        return self._argon.check_needs_rehash(stored)

    @cached_property
    def _nobody(self) -> str:
        """A hash nobody knows the password of, for unknown accounts."""
        return self._argon.hash(os.urandom(16).hex())

    def _enter(self) -> None:
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            raise BusyError("too many passwords are being checked")


_hasher: ContextVar[Hasher] = ContextVar("hasher")


def bind(hasher: Hasher) -> None:
    """Use `hasher` for everything that follows in this context."""
    _hasher.set(hasher)


def hasher() -> Hasher:
    """The hasher bound to this context."""
    return _hasher.get()
