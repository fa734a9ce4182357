"""What leaves a box: to boxes of this house and over the relay, and what is answered about it."""
