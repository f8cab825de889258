"""Which rule is obeyed, what is due under it, and what stops an erasure."""
