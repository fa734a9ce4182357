"""A house whose building nobody waits to be durable: one cut short is thrown away and built anew."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event

from espace.machines import Machines
from espace.storage import Storage


class _Storage(Storage):
    """Files that need not survive a power cut."""

    def put(
        self,
        tx: Connection,
        owner: UUID,
        file_id: UUID,
        content: bytes | Iterable[bytes],
        *,
        durable: bool = False,  # noqa: ARG002 - whoever asks for it
    ) -> int:
        """As `Storage.put`, without waiting for the disk."""
        return super().put(tx, owner, file_id, content, durable=False)


def hasty(machines: Machines) -> Machines:
    """These machines, none of which waits for the disk. What they write later, opened as usual, is durable again."""
    event.listen(machines.database.writer, "connect", _let_go)
    machines.database.writer.dispose()
    return replace(machines, storage=_Storage(machines.settings.storage_url))


def _let_go(connection: Any, _entry: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
