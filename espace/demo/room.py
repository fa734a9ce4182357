"""What the demo contributes, where it runs: who can sign in, the mails received, and the professionals' provider."""

from espace.web.rooms import Room

from . import psc, views

ROOM = Room(name="demo", pages=(views.pages, psc.pages))
