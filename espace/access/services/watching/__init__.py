"""What was read and by whom: visits, explanations, volumes, curiosity, and what follows."""
