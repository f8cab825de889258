"""The rights of people: consent, access, erasure."""
