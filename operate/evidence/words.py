"""Numbers, lengths of time and lists as people write them."""

import isodate


def counted(count: int, noun: str) -> str:
    """`1 account`, `2 accounts`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def length(duration: str) -> str:
    """An ISO 8601 duration in words: `540 days`, `1 year and 6 months`. As it stands where it is none."""
    try:
        span = isodate.parse_duration(duration, as_timedelta_if_possible=False)
    except (isodate.ISO8601Error, ValueError):
        return duration
    parts = (
        (int(span.years), "year"),
        (int(span.months), "month"),
        (span.tdelta.days, "day"),
        (span.tdelta.seconds // 3600, "hour"),
    )
    return " and ".join(counted(count, noun) for count, noun in parts if count) or duration
