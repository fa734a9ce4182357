"""Where one is signed in: sessions and devices ended by their owner, here or from afar (security.md R8).

Ending closes something, so no fresh proof is asked for (R9).
"""

from uuid import UUID

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.permissions import Actor

from . import devices, sessions


def end_session(actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions at once.

    Raises:
        NotFoundError: when the actor has no such session.
    """
    found = next((line for line in sessions.live_sessions(actor) if line.id == session_id), None)
    name = device_name(found.browser, found.system) if found else ""
    with db.write():
        sessions.end_session(actor, session_id)
        audit.record(actor, actor.id, Action.SESSION_ENDED, objects=[{"id": str(session_id), "name": name}])


def end_others(actor: Actor) -> None:
    """End every session of the actor but the one in use."""
    with db.write():
        sessions.end_others(actor)
        audit.record(actor, actor.id, Action.OTHER_SESSIONS_ENDED)


def forget_device(actor: Actor, device_id: UUID) -> bool:
    """Forget a device and end its sessions at once; gives whether the session in use was among them.

    Raises:
        NotFoundError: when the account knows no such device.
    """
    line = next((line for line in devices.of(actor.id) if line.id == device_id), None)
    name = device_name(line.browser, line.system) if line else ""
    with db.write():
        is_here = devices.forget(actor, device_id)
        audit.record(actor, actor.id, Action.DEVICE_FORGOTTEN, objects=[{"id": str(device_id), "name": name}])
        return is_here


def device_name(browser: str, system: str) -> str:
    """What a device is called: « Firefox, Android »; "" when the browser told nothing."""
    return ", ".join(filter(None, (browser, system)))
