"""What comes in from professionals and files, and how it goes out again."""
