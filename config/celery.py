"""The worker and the timetable."""

import logging
import os
import warnings
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SecurityWarning
from celery.signals import worker_init
from django.db import connections, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class DiscreetTask(DjangoTask):
    """A task whose arguments show up in no log, event or description."""

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Send the task; its arguments are described as hidden."""
        return super().apply_async(args, kwargs, **{"argsrepr": "hidden", "kwargsrepr": "hidden", **options})

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """Send the task once the transaction is committed.

        Each duty is a row that the timetable finds anyway, so a broker that is away must not turn a request
        whose rows are committed into an error.
        """

        def send() -> None:
            try:
                self.delay(*args, **kwargs)
            except (OperationalError, OSError):
                logger.warning("The broker is away: %s waits for the timetable.", self.name)

        transaction.on_commit(send)


# Said of root, for fear of pickled messages: ours are JSON and name tasks of our own.
warnings.filterwarnings("ignore", category=SecurityWarning)
app = Celery("lethe", task_cls=DiscreetTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check_start(**_: Any) -> None:
    """Stop a worker that could only fail, with one line."""
    from config.starting import check_deployment  # Django is set up by now

    check_deployment()
    connections.close_all()
