"""What other rooms may ask of messaging."""
