"""What people type by a slip: card numbers, accounts, national numbers and passwords, found and masked.

Pure: text in, masked text and the kinds that were found out. It knows no database and keeps nothing.
"""

from privacy.slips.masking import Masked, mask
from privacy.slips.words import kinds_in_words, known_kinds, what_was_masked

__all__ = ["Masked", "kinds_in_words", "known_kinds", "mask", "what_was_masked"]
