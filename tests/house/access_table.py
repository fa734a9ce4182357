"""Who each route serves. The routes' own declarations and this table are compared both ways.

`public` serves anybody, `account` a signed-in person, `practice` a signed-in professional; the others are judged on
the record that the address names.
"""

ACCESS: dict[str, str] = {}
