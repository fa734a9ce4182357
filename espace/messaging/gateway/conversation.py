"""One connection, command by command, on aiosmtpd: who speaks first proves who they are, over TLS, before any address.

aiosmtpd gives the state of a connection and its encryption; how lines and messages are read is `intake`'s, what the
house says to them `house`'s, which runs in threads.
"""

import asyncio
import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aiosmtpd.smtp import SMTP, TLSSetupException

from espace.messaging.services.places import Place

from . import house, replies
from .house import Envelope
from .intake import BLOCK, BareLineError, Intake, LeftError, LongLineError, TooLargeError
from .peers import Peer
from .replies import ReplyError
from .tls import names_shown

if TYPE_CHECKING:
    from .server import Listening

R = TypeVar("R")
C = TypeVar("C", bound=Callable[[Any, str], Awaitable[None]])
MOST_RECIPIENTS = 100
MOST_ERRORS = 40
PATIENCE = 300.0
"""Seconds between two commands (RFC 5321, 4.5.3.2)."""
PATIENCE_OF_STRANGERS = 60.0
"""Seconds until who comes has proved who they are: places are few."""
PATIENCE_OF_DATA = 900.0
_FIRST = re.compile(r"(?P<verb>[A-Za-z]{4,8})(?: +(?P<rest>.*))?\Z", re.DOTALL)
_PATH = re.compile(r"<(?P<address>[^<>\s]*)>(?: +(?P<options>.*))?\Z")
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,255}\Z")
_NAME = re.compile(r"[\x21-\x7e]{1,255}\Z")
_BEFORE_TLS = frozenset({"EHLO", "HELO", "STARTTLS", "NOOP", "QUIT", "RSET"})


_COMMANDS: dict[str, Callable[[Any, str], Awaitable[None]]] = {}


def _command(*verbs: str) -> Callable[[C], C]:
    """The method below obeys these commands."""

    def known(method: C) -> C:
        _COMMANDS.update(dict.fromkeys(verbs, method))
        return method

    return known


class Conversation(SMTP):
    """One connection. `listening` is the gateway it came to; `encrypted` says TLS stands from its first byte."""

    line_length_limit = BLOCK  # also how much is read ahead

    def __init__(self, listening: "Listening", *, encrypted: bool) -> None:
        self._gateway = listening
        self.network = ""
        self.is_proved = False  # once they were let send something
        self._encrypted = encrypted
        self._errors = 0
        self._is_busy = False
        self._is_leaving = False
        self._peer = Peer()
        self._sender: str | None = None
        self._places: list[Place] = []
        self._declared = 0
        super().__init__(
            None,
            data_size_limit=listening.largest,
            enable_SMTPUTF8=True,
            hostname=listening.name,
            ident="espace",
            tls_context=None if encrypted else listening.context,
            timeout=PATIENCE_OF_STRANGERS,
            loop=asyncio.get_running_loop(),
        )

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection begins, or goes on encrypted: who is there is what its certificate says, nothing before it."""
        is_upgraded = self.transport is not None
        super().connection_made(transport)
        self._forget()
        self._peer = Peer(names_shown(transport.get_extra_info("peercert")))
        if is_upgraded:
            self._encrypted = True
            self._intake.clear()
            self._named = ""
        else:
            self.network = str((transport.get_extra_info("peername") or ("",))[0])
            self._gateway.came(self)

    def connection_lost(self, error: Exception | None) -> None:
        """It is over; a message at hand is finished by the thread that has it."""
        self._gateway.left(self)
        if self.transport is not None:
            super().connection_lost(error)

    def leave(self) -> None:
        """End as soon as no message is at hand."""
        self._is_leaving = True
        if not self._is_busy:
            self._close(replies.LEAVING)

    def abort(self) -> None:
        """End now, whatever the other side still has to say."""
        for wire in (self.transport, self._original_transport):
            if isinstance(wire, asyncio.WriteTransport):
                wire.abort()

    def _timeout_cb(self) -> None:
        self._close(replies.TOO_LONG_A_TIME)

    def _close(self, reply: str = "") -> None:
        """Say a last word and hang up, once: an encrypted connection bears neither a second time."""
        if self.transport is None or self.transport.is_closing():
            return
        if reply:
            self._writer.write(reply.encode() + b"\r\n")
        self.transport.close()
        self._gateway.left(self)

    async def _handle_client(self) -> None:
        self._intake = Intake(self._reader)
        self._named = ""
        try:
            if self._gateway.is_full_for(self):
                await self._end(replies.TOO_MANY)
                return
            await self.push(f"220 {self.hostname} ESMTP espace {replies.GREETING}")
            while self.transport is not None and not self.transport.is_closing():
                await self._next()
        except (LeftError, ConnectionError, TLSSetupException):
            pass
        finally:
            self._close()
            self._gateway.left(self)  # of a handshake that failed, nobody else tells
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()

    async def _next(self) -> None:
        try:
            line = await self._intake.line()
        except BareLineError:
            await self._end(replies.BARE_LINE)  # somebody hides commands in a message: nothing more is read
            return
        except LongLineError:
            await self._say(replies.LONG_LINE)
            return
        try:
            await self._obey(line)
        except ReplyError as error:
            await self._say(error.reply)
        if self._is_leaving:
            await self._end(replies.LEAVING)
        elif self._errors > MOST_ERRORS:
            await self._end(replies.TOO_MANY_ERRORS)

    async def _obey(self, line: bytes) -> None:
        try:
            found = _FIRST.match(line.decode())
        except UnicodeDecodeError:
            raise ReplyError(replies.SYNTAX) from None
        command = _COMMANDS.get(found["verb"].upper()) if found else None
        if found is None or command is None:
            raise ReplyError(replies.UNKNOWN_COMMAND)
        if not self._encrypted and found["verb"].upper() not in _BEFORE_TLS:
            raise ReplyError(replies.NEEDS_TLS_TO_SIGN_IN if found["verb"].upper() == "AUTH" else replies.NEEDS_TLS)
        if self._is_known:  # a stranger's minute runs on, whatever they say
            self._reset_timeout(PATIENCE)
        await command(self, (found["rest"] or "").strip())

    @property
    def _is_known(self) -> bool:
        return self._sender is not None or self._peer.mailbox is not None

    # -- its commands

    @_command("EHLO")
    async def _ehlo(self, name: str) -> None:
        if not _NAME.match(name):
            raise ReplyError(replies.SYNTAX)
        self._forget()
        self._named = name
        offered = [self.hostname, f"SIZE {self.data_size_limit}", "8BITMIME", "SMTPUTF8", "PIPELINING"]
        offered.append("AUTH PLAIN LOGIN" if self._encrypted else "STARTTLS")
        await self.push("\r\n".join(f"250{'-' if one is not offered[-1] else ' '}{one}" for one in offered))

    @_command("HELO")
    async def _helo(self, name: str) -> None:
        if not _NAME.match(name):
            raise ReplyError(replies.SYNTAX)
        self._forget()
        self._named = name
        await self.push(f"250 {self.hostname}")

    @_command("STARTTLS")
    async def _starttls(self, rest: str) -> None:
        if rest:
            raise ReplyError(replies.SYNTAX)
        if self._encrypted:
            raise ReplyError(replies.ORDER)
        self._intake.clear()
        await super().smtp_STARTTLS("")

    @_command("AUTH")
    async def _auth(self, rest: str) -> None:
        if not self._named or self._peer.mailbox is not None or self._sender is not None:
            raise ReplyError(replies.ORDER)
        mechanism, _, first = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            given = _decoded(first) if first else await self._asked("")
            parts = given.split("\0")
            if len(parts) != 3:
                raise ReplyError(replies.SYNTAX)
            address, secret = parts[1:]
        elif mechanism.upper() == "LOGIN":
            address = _decoded(first) if first else await self._asked("VXNlcm5hbWU6")
            secret = await self._asked("UGFzc3dvcmQ6")
        else:
            raise ReplyError(replies.UNKNOWN_MECHANISM)
        peer = self._peer
        self._peer = await self._in_house(lambda: house.sign_in(peer, address, secret, self.network))
        self.is_proved = True
        self._reset_timeout(PATIENCE)
        await self.push(replies.AUTHENTICATED)

    async def _asked(self, question: str) -> str:
        await self.push(f"334 {question}")
        try:
            line = await self._intake.line()
        except (BareLineError, LongLineError):
            raise ReplyError(replies.SYNTAX) from None
        return _decoded(line.decode("ascii", "replace"))

    @_command("MAIL")
    async def _mail(self, rest: str) -> None:
        if not self._named or self._sender is not None:
            raise ReplyError(replies.ORDER)
        address, options = _path("FROM:", rest, replies.BAD_SENDER)
        if address and not _ADDRESS.match(address):
            raise ReplyError(replies.BAD_SENDER)
        size = _size(options)
        if size > self._gateway.largest:
            raise ReplyError(replies.TOO_LARGE)
        if not self._gateway.has_space(size):
            raise ReplyError(replies.FULL)
        peer = self._peer
        await self._in_house(lambda: house.admit_sender(peer, address))
        self._sender, self._declared = address, size
        self.is_proved = True
        self._reset_timeout(PATIENCE)
        await self.push(replies.SENDER_OK)

    @_command("RCPT")
    async def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            raise ReplyError(replies.ORDER)
        address, options = _path("TO:", rest, replies.BAD_ADDRESS)
        if not _ADDRESS.match(address):
            raise ReplyError(replies.BAD_ADDRESS)
        if options:
            raise ReplyError(replies.UNKNOWN_PARAMETER)
        peer, sender = self._peer, self._sender
        if any(one.address.lower() == address.lower() for one in self._places):  # named twice, it gets one
            await self.push(replies.RECIPIENT_OK)
            return
        if len(self._places) >= MOST_RECIPIENTS:
            raise ReplyError(replies.MANY_RECIPIENTS)
        self._places.append(await self._in_house(lambda: house.admit_recipient(peer, sender, address)))
        await self.push(replies.RECIPIENT_OK)

    @_command("DATA")
    async def _data(self, rest: str) -> None:
        if rest:
            raise ReplyError(replies.SYNTAX)
        if self._sender is None or not self._places:
            raise ReplyError(replies.ORDER)
        if not self._gateway.has_space(self._declared):
            raise ReplyError(replies.FULL)
        self._is_busy = True
        held = 0

        def coming(size: int) -> None:
            nonlocal held
            self._gateway.hold(size)
            held += size

        try:
            self._reset_timeout(PATIENCE_OF_DATA)
            await self.push(replies.SEND_DATA)
            await self._receive(coming)
        finally:
            self._is_busy = False
            self._gateway.hold(-held)
            self._forget()
            if self.transport is not None:
                self._reset_timeout(PATIENCE)

    async def _receive(self, coming: Callable[[int], None]) -> None:
        assert self._sender is not None  # noqa: S101 - narrows a type
        try:
            content = await self._intake.message(self._gateway.largest, coming)
        except TooLargeError:
            raise ReplyError(replies.TOO_LARGE) from None
        except BlockingIOError:
            await self._end(replies.FULL)
            return
        envelope = Envelope(self._peer, self._sender, tuple(self._places), self._named)
        self._reset_timeout(PATIENCE_OF_DATA)
        try:
            await self._say(await self._in_house(lambda: house.take(envelope, content)))
        except ReplyError as error:
            if error.reply != replies.BARE_MESSAGE:
                raise
            await self._end(error.reply)  # what follows may be a message hidden in this one

    @_command("RSET")
    async def _rset(self, rest: str) -> None:
        if rest:
            raise ReplyError(replies.SYNTAX)
        self._forget()
        await self.push(replies.OK)

    @_command("NOOP")
    async def _noop(self, _rest: str) -> None:
        await self.push(replies.OK)

    @_command("QUIT")
    async def _quit(self, _rest: str) -> None:
        await self._end(replies.BYE)

    @_command("VRFY", "EXPN", "HELP", "BDAT")
    async def _not_served(self, _rest: str) -> None:
        raise ReplyError(replies.NOT_SERVED)

    # -- what they share

    def _forget(self) -> None:
        """No message is begun."""
        self._sender = None
        self._places = []
        self._declared = 0

    async def _in_house(self, act: Callable[[], R]) -> R:
        return await self._gateway.in_house(act)

    async def _say(self, reply: str) -> None:
        if reply[0] in "45":
            self._errors += 1
        await self.push(reply)

    async def _end(self, reply: str) -> None:
        await self.push(reply)
        self._close()


def _path(keyword: str, rest: str, wrong: str) -> tuple[str, str]:
    """The address of a MAIL or RCPT command, and its parameters."""
    if not rest.upper().startswith(keyword):
        raise ReplyError(replies.SYNTAX)
    found = _PATH.match(rest[len(keyword) :].strip())
    if found is None:
        raise ReplyError(wrong)
    return found["address"], found["options"] or ""


def _size(options: str) -> int:
    """The size a MAIL command declares, 0 for none; its other parameters are known and change nothing here."""
    size = 0
    for option in options.split():
        name, _, value = option.upper().partition("=")
        if name == "SIZE" and value.isascii() and value.isdigit() and len(value) <= 20:
            size = int(value)
        elif (name, value) not in {("BODY", "7BIT"), ("BODY", "8BITMIME"), ("SMTPUTF8", "")} and name != "AUTH":
            raise ReplyError(replies.UNKNOWN_PARAMETER)
    return size


def _decoded(given: str) -> str:
    if given == "*":
        raise ReplyError(replies.SYNTAX)
    try:
        return b64decode("" if given == "=" else given, validate=True).decode()
    except (NotBase64Error, ValueError):
        raise ReplyError(replies.SYNTAX) from None
