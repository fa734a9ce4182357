"""Links that people ask for: with a proof and two operators, or by a code sent to the other parent."""
