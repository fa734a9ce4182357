"""What tests share: databases, a browser without a screen, builders of people and records."""
