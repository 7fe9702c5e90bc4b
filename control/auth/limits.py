"""How often one may: requests a minute and user, failed log-ins per user name and address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from control.errors import TooManyLogins, TooManyRequests

MAX_FAILURES: Final = 10
WINDOW_S: Final = 300.0
MAX_KEYS: Final = 50_000
"""Beyond, the longest unused are forgotten: strangers must not fill our memory with names."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class RequestRate:
    """A token bucket per key: `per_minute` at once, refilled evenly over a minute.

    The mutable state is the buckets, by key, the longest unused first.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one request; raises TooManyRequests."""
        bucket = self._filled(key)
        if bucket.tokens < 1:
            wait_s = math.ceil((1 - bucket.tokens) * 60 / self._per_minute)
            raise TooManyRequests(self._per_minute, max(1, wait_s))
        bucket.tokens -= 1

    def _filled(self, key: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._per_minute, now))
        gained = (now - bucket.at) * self._per_minute / 60
        bucket.tokens = min(self._per_minute, bucket.tokens + gained)
        bucket.at = now
        self._buckets.move_to_end(key)
        _trim(self._buckets)
        return bucket


class LoginThrottle:
    """Failed log-ins of the last five minutes per (user name, address).

    The mutable state is the times of failures, by key, the longest unused first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def check(self, username: str, address: str) -> None:
        """Whether one more try is allowed; raises TooManyLogins."""
        times = self._recent((username, address))
        if len(times) >= MAX_FAILURES:
            raise TooManyLogins(max(1, math.ceil(times[0] + WINDOW_S - self._clock())))

    def note_failure(self, username: str, address: str) -> None:
        """A try failed."""
        times = self._recent((username, address))
        times.append(self._clock())
        self._failures[username, address] = times
        self._failures.move_to_end((username, address))
        _trim(self._failures)

    def clear(self, username: str, address: str) -> None:
        """A try succeeded."""
        self._failures.pop((username, address), None)

    def _recent(self, key: tuple[str, str]) -> deque[float]:
        times = self._failures.get(key, deque(maxlen=MAX_FAILURES))
        while times and times[0] <= self._clock() - WINDOW_S:
            times.popleft()
        return times


def _trim(entries: OrderedDict[str, _Bucket] | OrderedDict[tuple[str, str], deque[float]]) -> None:
    while len(entries) > MAX_KEYS:
        entries.popitem(last=False)
