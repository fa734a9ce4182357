"""Where the pages of operators hang."""

from flask import Blueprint

pages = Blueprint("administration", __name__)
