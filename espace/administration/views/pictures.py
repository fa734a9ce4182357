"""A page of somebody's proof, drawn as a picture: looked at here, taken away by nobody."""

from flask import Response

from espace.interop.drawing import WEBP


def page_picture(picture: bytes) -> Response:
    """The picture, which no browser keeps."""
    response = Response(picture, mimetype=WEBP)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cache-Control"] = "no-store"
    return response
