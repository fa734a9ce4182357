"""Where the family's pages of a record hang."""

from flask import Blueprint

record_pages = Blueprint("family", __name__)
