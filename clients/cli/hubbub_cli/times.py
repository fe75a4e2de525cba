"""Format times for people, in the local time zone."""

from datetime import date, datetime


def moment(at: int) -> datetime:
    """Return the local time of `at`, in ms since 1970; 1970 if it is out of range."""
    try:
        return datetime.fromtimestamp(at / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0).astimezone()


def clock(at: int) -> str:
    """Format the time of day."""
    return f"{moment(at):%H:%M}"


def full(at: int) -> str:
    """Format date and time."""
    return f"{moment(at):%Y-%m-%d %H:%M}"


def day_name(day: date) -> str:
    """Format a date in words."""
    return f"{day:%A}, {day.day} {day:%B %Y}"
