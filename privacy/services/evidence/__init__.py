"""What proves an erasure, and says in a sentence why something is gone or still here."""
