"""The room of operators."""
