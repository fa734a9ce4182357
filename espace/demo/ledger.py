"""`demo.json`: all it takes to act as each of the cast (design section 5), readable by its owner only."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

NAME = "demo.json"
PROVIDER_ACCOUNTS = "psc_accounts.json"

_CONSONANTS = "bcdfgjklmnprstvz"
_VOWELS = "aeiou"


def phrase() -> str:
    """A fresh password that a thumb can type: five groups of two syllables, 63 bits."""
    groups = ("".join(secrets.choice(letters) for letters in (_CONSONANTS, _VOWELS) * 2) for _ in range(5))
    return "-".join(groups)


def write(path: Path, content: Any) -> None:
    """Write a file of secrets whole or not at all, readable by its owner only."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def read(folder: Path) -> dict[str, Any]:
    """What `demo.json` of this folder says."""
    found: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return found
