"""The gateway as it runs: its listeners, how many it serves at once, how much it holds, how it stops."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakSet

import structlog

from espace.errors import SettingsError
from espace.settings import Settings

from . import house
from .conversation import Conversation
from .replies import ReplyError
from .tls import server_context

R = TypeVar("R")
THREADS = 4
"""Messages filed at once."""
MESSAGES_HELD = 8
"""Messages of the largest size whose bytes may be in memory at once, over all connections (security.md R42)."""
STRANGERS_OF_ONE = 20
"""Conversations from one address whose other side has not proved yet who they are: else one could take every place."""
HANDSHAKE_SECONDS = 20.0
"""Until TLS stands, where it begins with the first byte: nothing counts who comes before."""
STOPPING_SECONDS = 30.0
LAST_WORDS_SECONDS = 0.05
_log = structlog.get_logger()


class Listening:
    """What its conversations ask of the gateway they came to."""

    def __init__(self, given: Settings, context: ssl.SSLContext, threads: ThreadPoolExecutor) -> None:
        self.context = context
        self.name = given.mail_name
        self.largest = given.mail_message_mb * 1024 * 1024
        self._most_sessions = given.mail_sessions
        self._most_held = MESSAGES_HELD * self.largest
        self._held = 0
        self._threads = threads
        self.conversations: set[Conversation] = set()
        self.wires: WeakSet[Conversation] = WeakSet()  # those too that hang up and wait for the other side to agree

    def is_full_for(self, one: Conversation) -> bool:
        """Whether there is one conversation more than are served, of all or of strangers from its address."""
        strangers = sum(other.network == one.network and not other.is_proved for other in self.conversations)
        return len(self.conversations) > self._most_sessions or strangers > STRANGERS_OF_ONE

    def came(self, conversation: Conversation) -> None:
        """A conversation begins."""
        self.conversations.add(conversation)
        self.wires.add(conversation)

    def left(self, conversation: Conversation) -> None:
        """A conversation is over."""
        self.conversations.discard(conversation)

    def has_space(self, size: int) -> bool:
        """Whether a message of this many bytes may come in now."""
        return self._held + size <= self._most_held

    def hold(self, size: int) -> None:
        """Count bytes that came in, or that are given back (negative).

        Raises:
            BlockingIOError: when the gateway holds as much as it may; what came last is not counted.
        """
        if size > 0 and not self.has_space(size):
            raise BlockingIOError
        self._held += size

    async def in_house(self, act: Callable[[], R]) -> R:
        """Do something of the house in a thread.

        Raises:
            ReplyError: also for whatever else goes wrong there.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, act)
        except ReplyError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever happens, the other side is told to come back
            raise ReplyError(house.answer_to(error)) from None


class Gateway:
    """`start` listens in a thread of its own, `stop` finishes the messages at hand.

    `bind` makes the house's machines those of the thread that calls it.
    """

    def __init__(self, given: Settings, bind: Callable[[], None]) -> None:
        """Raises SettingsError when the certificate, its key or the authorities are missing or unfit."""
        self._given = given
        self._context = server_context(given)
        self._bind = bind
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Listen.

        Raises:
            SettingsError: when an address or a port cannot be had.
        """
        _quiet_libraries()
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise SettingsError(f"the gateway cannot listen on {self._given.mail_host}: {self._failure.strerror}")
        _log.info("mail_started", port=self._given.mail_port, tls_port=self._given.mail_tls_port)

    def stop(self) -> None:
        """Take no more connections, finish the messages at hand, end."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        _log.info("mail_stopped")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_note_failure)
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail", initializer=self._bind)
        listening = Listening(self._given, self._context, threads)
        try:
            servers = await self._listen(listening)
        except OSError as error:
            self._failure = error
            threads.shutdown()
            return
        self._ready.set()
        await self._stopping.wait()
        for server in servers:
            server.close()
        await _dismiss(listening)
        threads.shutdown()

    async def _listen(self, listening: Listening) -> list[asyncio.Server]:
        loop, host = asyncio.get_running_loop(), self._given.mail_host
        plain = await loop.create_server(lambda: Conversation(listening, encrypted=False), host, self._given.mail_port)
        if not self._given.mail_tls_port:
            return [plain]
        try:
            encrypted = await loop.create_server(
                lambda: Conversation(listening, encrypted=True),
                host,
                self._given.mail_tls_port,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except OSError:
            plain.close()
            raise
        return [plain, encrypted]


async def _dismiss(listening: Listening) -> None:
    """Have every conversation end: at once, or with its message."""
    for one in list(listening.conversations):
        one.leave()
    waited = 0.0
    while listening.conversations and waited < STOPPING_SECONDS:
        await asyncio.sleep(0.02)
        waited += 0.02
    await asyncio.sleep(LAST_WORDS_SECONDS)
    for one in list(listening.wires):
        one.abort()
    await asyncio.sleep(0)


def _note_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio would log with its text, by its type only (security.md R28)."""
    error = context.get("exception")
    if not isinstance(error, ssl.SSLError | ConnectionError | TimeoutError):
        _log.error("mail_failed", error=type(error).__name__)


def _quiet_libraries() -> None:
    """Aiosmtpd's own log names addresses (security.md R28)."""
    logging.getLogger("mail.log").disabled = True
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
