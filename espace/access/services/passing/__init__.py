"""Rights that are handed over and pass by themselves: counter codes and links."""
