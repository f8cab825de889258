"""Finish what a crash left *begun*, and erase again what a restored database brought back."""

import logging
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from privacy.declarations import PersonalData, root_of
from privacy.ledger.chain import remember_head
from privacy.models import Erasure
from privacy.services.erasing.bare_people import busy, let_people_go, people_of
from privacy.services.erasing.emptying import empty_people
from privacy.services.erasing.skeletons import keep_skeletons
from privacy.services.erasing.steps import Begun, erase_rows, files_of, finish_each, units_sealed_with
from privacy.services.rules.suspensions import Suspended, stopped_among

log = logging.getLogger(__name__)

IN_PROGRESS = timedelta(seconds=10)  # younger erasures are probably being finished by whoever began them


def finish_open_erasures(*, older_than: timedelta = IN_PROGRESS) -> list[Erasure]:
    """Finish what a crash left *begun*; returns those that were finished."""
    finished = []
    limit = timezone.now() - older_than
    for erasure in (
        Erasure.objects.filter(done=None, begun__at__lte=limit).select_related("begun").order_by("begun")
    ):
        try:
            repeat(erasure)
            finished.append(erasure)
        except Suspended:
            log.info("Erasure %s waits until nothing stops it any more.", erasure.pk)
        except Exception:
            log.exception("Erasure %s could not be finished.", erasure.pk)
    return finished


def repeat(erasure: Erasure, *, is_replay: bool = False) -> int:
    """Run an erasure again from its record, wherever it stopped; returns how many rows were still there.

    Raises :class:`Suspended` where it stopped before its first row went and something stops it since, except
    in a replay: what was erased once must not come back. Somebody to whom a restored database gave back what
    had become another's goes from it without name and address.
    """
    params = erasure.begun.params
    keys = [UUID(key) for key in params["keys"]]
    root = root_of(apps.get_model(params["unit"]))
    with transaction.atomic(durable=True):
        ids = units_sealed_with(root, keys)
        if is_replay and root.person == "pk" and (more := busy(root, ids)):
            rows = root.rows().filter(pk__in=more).select_for_update(of=("self",)).order_by("pk")
            empty_people(rows, account_id=erasure.account_id)
            ids = [pk for pk in ids if pk not in more]
        if not (is_replay or params.get("despite_holds")) and _is_stopped_meanwhile(root, ids):
            raise Suspended(f"Erasure {erasure.pk} had not begun to delete; something stops a part of it.")
        files = files_of(root, ids)
        if set(files) - set(erasure.files):
            erasure.files = sorted({*erasure.files, *files})
            erasure.save(update_fields=["files"])
        if params.get("skeleton"):
            keep_skeletons(root, ids, account_id=erasure.account_id)
        people = set() if is_replay else set(people_of(root, ids))
        begun = [Begun(erasure, keys, sum(erase_rows(root, ids)), len(ids) or None)]
        run = params.get("run", "")
        begun += let_people_go(root, people, erasure.account_id, run=run)[0]
        for each in begun:
            remember_head(each.erasure.begun)
    finish_each(begun)
    return begun[0].rows


def _is_stopped_meanwhile(root: PersonalData, ids: list) -> bool:
    locked = root.rows().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    return bool(stopped_among(root, list(locked.values_list("pk", flat=True))))
