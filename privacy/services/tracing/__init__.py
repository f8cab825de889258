"""The search for what should be gone."""
