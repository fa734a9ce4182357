"""What codes and links carry: receipts, documents shown by a link, files left by a guest."""
