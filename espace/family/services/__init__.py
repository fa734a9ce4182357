"""What other rooms may ask of the family."""

from .links import link_parent, parents_linked, records_represented, representatives, represents

__all__ = ["link_parent", "parents_linked", "records_represented", "representatives", "represents"]
