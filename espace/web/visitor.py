"""What a request tells of the browser it comes from."""

from flask import current_app, request

from espace.permissions import Visitor

DEVICE = "appareil"

# In this order: many browsers name others they resemble.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def visitor() -> Visitor:
    """From where this request comes."""
    agent = request.user_agent.string
    return Visitor(
        address=request.remote_addr or "",
        device=request.cookies.get(own_cookie_name(DEVICE), ""),
        browser=next((name for mark, name in _BROWSERS if mark in agent), ""),
        system=next((name for mark, name in _SYSTEMS if mark in agent), ""),
    )


def own_cookie_name(name: str) -> str:
    """The name of a cookie of ours: `__Host-` wherever cookies are Secure."""
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name
