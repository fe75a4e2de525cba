"""Moments as people read them, in the time zone of this machine."""

from datetime import date, datetime


def moment(at: int) -> datetime:
    """Give the local time of `at`, in ms since 1970; what no calendar holds becomes its beginning."""
    try:
        return datetime.fromtimestamp(at / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0).astimezone()


def clock(at: int) -> str:
    """Write the time of day."""
    return f"{moment(at):%H:%M}"


def full(at: int) -> str:
    """Write day and time."""
    return f"{moment(at):%Y-%m-%d %H:%M}"


def day_name(day: date) -> str:
    """Write the day in words."""
    return f"{day:%A}, {day.day} {day:%B %Y}"
