"""What a clock on the wall shows, and when: where a day is not always 24 hours long."""

from datetime import UTC, datetime, timedelta, tzinfo


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """Return what a clock of this zone shows at a moment, as a naive time."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def first_moment(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first moment, in UTC, at which a clock of this zone shows this naive time or a later one.

    A time that the clock skips is the end of the gap; one that it shows twice is the first of the two.
    """
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(moment, zone) == wall:
        return moment
    return offset_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def offset_change(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """Return the first moment, in UTC, of the offset that holds at ``late`` and does not yet at ``early``.

    The time zone database changes offsets on whole seconds.
    """
    start, seconds = early.replace(microsecond=0), int((late - early).total_seconds()) + 1
    before = early.astimezone(zone).utcoffset()
    unchanged = 0
    while seconds - unchanged > 1:
        middle = (unchanged + seconds) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == before:
            unchanged = middle
        else:
            seconds = middle
    return start + timedelta(seconds=seconds)


def latest_wall_time(now: datetime, zone: tzinfo) -> datetime:
    """Return a naive time that a clock of this zone has not gone beyond, even where it was set back."""
    local = now.astimezone(zone)
    set_back = (local.replace(fold=0).utcoffset() or timedelta()) - (local.utcoffset() or timedelta())
    return local.replace(tzinfo=None, fold=0) + set_back


def last_moment(wall: datetime, zone: tzinfo) -> datetime:
    """Return a moment, in UTC, after which no clock of this zone shows this naive time or an earlier one."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
