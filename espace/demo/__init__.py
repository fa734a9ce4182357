"""The demo: a cast of invented people and eight years of their documents, made through the services of the rooms."""
