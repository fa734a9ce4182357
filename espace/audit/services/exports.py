"""The signature beside an export of a trail: Ed25519 over what the file was, kept in a file of its own.

The signature's file is JSON like a checkpoint's: `body` says which file, how long, its SHA-256 and that of each of its
blocks; `signature` is over the exact bytes of the body. The blocks tell where a file that does not fit was changed.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature

from espace import clock, crypto

KIND = "espace-trail-export"
SUFFIX = ".sig"
_BLOCK = 16384
_SHORT = 8  # octets of a block's digest: they say where, the whole digest says whether
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is the one that was signed. `faults` say what is wrong; `about`: what the signature says of it."""

    faults: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Signing:
    """The signature of a file that is still being written: it sees every byte once and keeps none."""

    def __init__(self) -> None:
        self._whole = sha256()
        self._size = 0
        self._block = sha256()
        self._filled = 0
        self._blocks: list[str] = []

    def update(self, piece: bytes) -> None:
        """Take the next bytes of the file."""
        self._whole.update(piece)
        self._size += len(piece)
        while piece:
            part, piece = piece[: _BLOCK - self._filled], piece[_BLOCK - self._filled :]
            self._block.update(part)
            self._filled += len(part)
            if self._filled == _BLOCK:
                self._close_block()

    def finish(self, name: str, about: Mapping[str, str]) -> bytes:
        """The signature's file, once the whole file went by. `about` is what else is signed: the period, say."""
        if self._filled:
            self._close_block()
        body = orjson.dumps(
            {
                **about,
                "kind": KIND,
                "name": name,
                "made_at": clock.now().isoformat(),
                "size": self._size,
                "sha256": self._whole.hexdigest(),
                "block": _BLOCK,
                "blocks": self._blocks,
            }
        )
        signature = crypto.current().ring.signer.sign(body)
        return orjson.dumps({"body": b64encode(body).decode(), "signature": b64encode(signature).decode()}) + b"\n"

    def _close_block(self) -> None:
        self._blocks.append(self._block.digest()[:_SHORT].hex())
        self._block, self._filled = sha256(), 0


def verify_export(path: Path, signature: Path | None = None) -> Verdict:
    """Compare a file with its signature (`<file>.sig` unless another is named) and say what is wrong."""
    try:
        raw = (signature or path.with_name(path.name + SUFFIX)).read_bytes()
    except OSError:
        return Verdict(("The signature's file cannot be read.",))
    about = _signed(raw)
    if isinstance(about, str):
        return Verdict((about,))
    try:
        return Verdict(tuple(_differences(path, about)), about)
    except OSError:
        return Verdict(("The file cannot be read.",), about)


def _signed(raw: bytes) -> dict[str, Any] | str:
    """What a signature's file says, once its signature holds; else what is wrong with it."""
    try:
        outer = orjson.loads(raw)
        body, signature = b64decode(outer["body"], validate=True), b64decode(outer["signature"], validate=True)
    except (ValueError, KeyError, TypeError):
        return "The signature's file was changed: it cannot be read any more."
    if not any(_fits(verifier, signature, body) for verifier in crypto.current().ring.verifiers):
        return "The signature's file was changed, or another house made it: the signature does not hold."
    about: dict[str, Any] = orjson.loads(body)
    if about.get("kind") != KIND:
        return "This is the signature of something else, not of an export of a history."
    return about


def _fits(verifier: Any, signature: bytes, body: bytes) -> bool:
    try:
        verifier.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def _differences(path: Path, about: Mapping[str, Any]) -> list[str]:
    whole, size, line, changed = sha256(), 0, 1, []
    with path.open("rb") as file:
        for number, signed in enumerate(about["blocks"]):
            piece = file.read(about["block"])
            whole.update(piece)
            lines = piece.count(b"\n")
            if sha256(piece).digest()[:_SHORT].hex() != signed:
                changed.append((number * about["block"], line, line + lines))
            size, line = size + len(piece), line + lines
        while rest := file.read(_BLOCK):
            whole.update(rest)
            size += len(rest)
    if size == about["size"] and whole.hexdigest() == about["sha256"]:
        return []
    faults = ["The file was changed after it was signed."]
    if size != about["size"]:
        faults.append(f"It has {size} bytes, {about['size']} were signed.")
    is_text = path.suffix.lower() == ".csv"
    for start, first, last in changed[:_MOST_NAMED]:
        where = f"between lines {first} and {last}" if is_text else f"in the {about['block']} bytes from byte {start}"
        faults.append(f"It differs {where}.")
    return faults
