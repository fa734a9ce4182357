"""What the records room contributes: objecting by letter, and the life of one's own record in the account."""

from espace.web.rooms import Room

from .views import closing, opposition

ROOM = Room(name="records", pages=(opposition.pages, closing.pages), newcomer_notes=(opposition.note_of_refusal,))
