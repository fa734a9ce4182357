"""Bytes <-> plain dataclasses: CDA, media, MIME. Knows no room and no database."""
