import logging

from django.urls import resolve

from config.logs import DiscreetFormatter

FORMATTER = DiscreetFormatter("{levelname} {name} {message}", style="{")


def line_of(error, message="Internal Server Error: %s", args=("/agent/",)):
    try:
        raise error
    except type(error) as caught:
        exc_info = (type(caught), caught, caught.__traceback__)
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, args, exc_info)
    return FORMATTER.format(record)


def test_error_is_told_by_place_and_kind_without_its_text():
    line = line_of(ValueError("Ada Lovelace <ada@example.com>"))

    assert line.startswith("ERROR django.request Internal Server Error: /agent/\n")
    assert line.endswith("\n  builtins.ValueError")
    assert "test_logs.py" in line
    assert "ada" not in line.lower()


def test_address_is_told_by_its_pattern_alone(rf):
    request = rf.get("/agent/chats/ada@example.com/")
    record = logging.LogRecord("django.request", 30, "", 1, "%s: %s", ("Not Found", request.path), None)
    record.request = request

    assert FORMATTER.format(record) == "WARNING django.request Not Found: (no page of ours)"
    request.resolver_match = resolve("/agent/chats/")
    assert FORMATTER.format(record) == "WARNING django.request Not Found: /agent/chats/"


def test_text_cached_by_another_formatter_is_not_used():
    try:
        raise ValueError("ada@example.com")
    except ValueError as error:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "No", (), (type(error), error, None))
    logging.Formatter().format(record)

    assert "ada@example.com" not in FORMATTER.format(record)


def test_failed_task_is_told_without_arguments_and_text():
    args = {
        "name": "privacy.tasks.purge",
        "id": "7",
        "exc": "KeyError('ada@example.com')",
        "traceback": "ada@",
    }
    try:
        raise KeyError("ada@example.com")
    except KeyError as error:
        exc_info = (type(error), error, error.__traceback__)
    text = "Task %(name)s[%(id)s]: %(exc)s\n%(traceback)s"
    record = logging.LogRecord("celery.app.trace", logging.ERROR, "", 1, text, (args,), exc_info)

    line = FORMATTER.format(record)

    assert line.startswith("ERROR celery.app.trace Task privacy.tasks.purge[7]: KeyError")
    assert "ada@" not in line
    assert record.args["exc"] == "KeyError('ada@example.com')"
