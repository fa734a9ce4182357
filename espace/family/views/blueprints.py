"""Where the family's pages of a record hang."""

from espace.web.rooms import Pages

record_pages = Pages("family", __name__)
