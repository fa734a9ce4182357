"""The pages of the door: activation, sign-in, account."""
