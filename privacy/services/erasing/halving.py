"""Erase a batch of which some may fail: halve it until only the units that fail are left."""

import logging

from django.db import OperationalError
from django.db.models import Q

from privacy.declarations import PersonalData
from privacy.models import Erasure
from privacy.services.erasing.erasure import erase
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.steps import ErasureIncomplete

log = logging.getLogger(__name__)


def erase_what_can_be(
    unit: PersonalData, ids: list, *, reason: Reason, still: Q
) -> tuple[list[Erasure], int]:
    """Erase what can be of these units; returns the erasures, and how many units failed."""
    try:
        return erase(unit, ids, reason=reason, still=still), 0
    except Exception as error:
        log.exception("A batch of %s could not be erased.", unit.model._meta.label)
        # The rows are gone, or the database is: trying smaller batches changes nothing.
        if len(ids) == 1 or isinstance(error, ErasureIncomplete | OperationalError):
            return [], len(ids)
    first, failed = erase_what_can_be(unit, ids[: len(ids) // 2], reason=reason, still=still)
    second, more = erase_what_can_be(unit, ids[len(ids) // 2 :], reason=reason, still=still)
    return [*first, *second], failed + more
