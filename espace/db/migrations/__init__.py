"""The steps that bring a database's schema to where the models are."""
