"""Times as the catalogue reads them: ISO 8601, UTC when no offset is given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Interval = tuple[datetime, datetime]
_START = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def instant(text: str) -> datetime:
    """Moment that an ISO text states.

    Raises
    ------
    ValueError
        When it is not an ISO time.
    """
    when = datetime.fromisoformat(text.strip())
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999.") from None


def microseconds(when: datetime) -> int:
    """Microseconds since 1970, by which times are compared."""
    return (when - _START) // timedelta(microseconds=1)


def interval(text: str) -> Interval:
    """Period of a `datetime` parameter: an instant, a day, or two ends of which one may be open.

    Raises
    ------
    ValueError
        When it is not such a period, in one sentence.
    """
    ends = text.strip().split("/")
    if len(ends) > 2:
        raise ValueError(f"datetime {text!r} has more than two ends.")
    try:
        first = EARLIEST if ends[0].strip() in ("", "..") else instant(ends[0])
        last = LATEST if ends[-1].strip() in ("", "..") else _last_moment(ends[-1])
    except ValueError:
        raise ValueError(f"datetime {text!r} is not an ISO time or interval.") from None
    if (first, last) == (EARLIEST, LATEST):
        raise ValueError("datetime needs at least one end that is not open.")
    if first > last:
        raise ValueError(f"datetime {text!r} ends before it starts.")
    return first, last


def _last_moment(text: str) -> datetime:
    when = instant(text)
    if len(text.strip()) == len("2025-03-16"):  # a day without time means all of it
        when += timedelta(days=1, microseconds=-1)
    return when
