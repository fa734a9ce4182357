"""Opening a record in an emergency, what its people oppose beforehand, and who looks at it afterwards."""
