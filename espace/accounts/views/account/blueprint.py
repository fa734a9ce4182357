"""The pages of an account, one blueprint for all of them."""

from flask import Blueprint

from espace.permissions import Actor, demand_fresh_proof
from espace.web.guards import signed_in

pages = Blueprint("account", __name__)

SECURITY = "/compte/securite"


def proven() -> Actor:
    """Who is signed in, and showed their second factor lately: asked before a form, so that nobody types for nothing.

    Raises:
        StepUpError: when the proof is too old.
    """
    actor = signed_in()
    demand_fresh_proof(actor)
    return actor
