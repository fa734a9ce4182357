"""Who the pages of a box serve: a person's, judged on their record, and a mailbox's, for the professionals of it.

Reading marks, files and searches are reading; what leaves the box or changes it for everybody is writing.
"""

_READ, _WRITE = "messages:read", "messages:write"
_OF_BOTH: dict[str, str] = {
    "GET ": _READ,
    "GET /recherche": _READ,
    "POST /recherche": _READ,
    "GET /<uuid:conversation_id>": _READ,
    "POST /<uuid:conversation_id>": _WRITE,
    "GET /<uuid:conversation_id>/copie": _READ,
    "GET /<uuid:conversation_id>/imprimer": _READ,
    "GET /<uuid:conversation_id>/pdf": _READ,
    "POST /<uuid:conversation_id>/accuse": _WRITE,
    "POST /<uuid:conversation_id>/archiver": _WRITE,
    "POST /<uuid:conversation_id>/desarchiver": _WRITE,
    "POST /<uuid:conversation_id>/non-lu": _READ,
    "POST /<uuid:conversation_id>/renvoyer": _WRITE,
    "POST /brouillons/<uuid:draft_id>/jeter": _WRITE,
    "GET /ecrire": _WRITE,
    "POST /ecrire": _WRITE,
    "GET /ecrire/<uuid:draft_id>": _WRITE,
    "POST /ecrire/<uuid:draft_id>": _WRITE,
    "GET /ecrire/<uuid:draft_id>/envoyer": _WRITE,
    "POST /ecrire/<uuid:draft_id>/envoyer": _WRITE,
    "GET /pieces/<uuid:attachment_id>": _READ,
    "GET /pieces/<uuid:attachment_id>/contenu": _READ,
    "GET /pieces/<uuid:attachment_id>/images/<int:number>": _READ,
    "GET /pieces/<uuid:attachment_id>/pages/<int:number>": _READ,
}
_OF_PEOPLE: dict[str, str] = {
    "GET /ecrire/<uuid:draft_id>/documents": _WRITE,
    "POST /ecrire/<uuid:draft_id>/documents": _WRITE,
    "GET /pieces/<uuid:attachment_id>/ranger": _READ,
    "POST /pieces/<uuid:attachment_id>/ranger": _READ,
    "POST /pieces/<uuid:attachment_id>/documents/<int:number>/ranger": _READ,
}
"""Only a person has documents: to send, and to file in (the service asks for that right)."""


def _below(at: str, tails: dict[str, str], whom: str = "") -> dict[str, str]:
    return {f"{route.split()[0]} {at}{route.partition(' ')[2]}": whom or right for route, right in tails.items()}


MESSAGES: dict[str, str] = {
    **_below("/dossiers/<uuid:record_id>/messages", _OF_BOTH | _OF_PEOPLE),
    **_below("/pro/messages/<uuid:mailbox_id>", _OF_BOTH, "practice"),
}
