"""The one set of record pages on which a record's people decide who sees it."""

from flask import Blueprint

record_pages = Blueprint("access", __name__)
