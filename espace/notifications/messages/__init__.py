"""The words of every message the house sends."""
