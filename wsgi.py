"""The WSGI door for any server: `gunicorn wsgi:app`. Settings come from ESPACE_* variables."""

from espace import create_app

app = create_app()
