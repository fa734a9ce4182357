"""What the insurer's lists bring: people, links and letters."""
