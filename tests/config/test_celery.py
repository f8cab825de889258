import pytest
from celery import Celery
from django.db import transaction

from config.celery import DiscreetTask, app


def celery_at(broker):
    celery = Celery("test", broker=broker, task_cls=DiscreetTask, set_as_current=False)
    celery.conf.task_publish_retry_policy = {"max_retries": 0}

    @celery.task(name="greet")
    def greet(name):
        return name

    return celery, greet


def test_timetable_names_tasks_that_exist():
    app.loader.import_default_modules()

    wanted = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert wanted - set(app.tasks) == set()


def test_round_that_comes_late_is_dropped():
    expiries = {name: entry["options"]["expires"] for name, entry in app.conf.beat_schedule.items()}

    assert all(expiries.values())


def test_arguments_are_described_as_hidden():
    celery, greet = celery_at("memory://")

    greet.delay("Ada")

    with celery.connection() as connection:
        headers = connection.SimpleQueue("celery").get(timeout=1).headers
    assert (headers["argsrepr"], headers["kwargsrepr"]) == ("hidden", "hidden")


@pytest.mark.django_db(transaction=True)
def test_broker_that_is_away_spoils_no_commit(caplog):
    _, greet = celery_at("redis://127.0.0.1:1/0")

    with transaction.atomic():
        greet.delay_on_commit("Ada")

    assert caplog.messages == ["The broker is away: greet waits for the timetable."]


def test_only_json_is_read():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.result_backend is None
