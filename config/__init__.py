"""The composition root: where the parts are put together."""

from config.celery import app as celery

__all__ = ["celery"]
