"""How often and how much at a time: requests, statements, failed log-ins."""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from control.errors import (
    NoCapacity,
    QuotaExceeded,
    TooManyConnections,
    TooManyLogins,
    TooManyRequests,
    TooManyStatements,
)

MAX_FAILURES: Final = 10
WINDOW_S: Final = 300.0
MAX_KEYS: Final = 50_000
"""Beyond, the longest unused are forgotten: strangers must not fill our memory with names."""


@dataclass
class _Bucket:
    tokens: float
    at: float
    size: int


class RequestRate:
    """A token bucket per key: `per_minute` at once, refilled evenly over a minute.

    The mutable state is the buckets, by key, the longest unused first.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._usual = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, per_minute: int | None = None) -> None:
        """Count one request, of so many as this key may make; raises TooManyRequests."""
        bucket = self._filled(key, per_minute or self._usual)
        if bucket.tokens < 1:
            wait_s = math.ceil((1 - bucket.tokens) * 60 / bucket.size)
            raise TooManyRequests(bucket.size, max(1, wait_s))
        bucket.tokens -= 1

    def _filled(self, key: str, size: int) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(size, now, size))
        gained = (now - bucket.at) * size / 60
        # Who may do more or less from now on has used as much as before.
        tokens = bucket.tokens + (size - bucket.size) + gained
        bucket.tokens = max(0.0, min(size, tokens))
        bucket.at, bucket.size = now, size
        self._buckets.move_to_end(key)
        _trim(self._buckets)
        return bucket


class StatementGate:
    """How many statements of a scope are under way at a time.

    The mutable state is their number, by user and scope; those of none are not kept.
    """

    def __init__(self, most: int) -> None:
        self._usual = most
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def passed(self, user: str, scope: str, most: int | None = None) -> Iterator[None]:
        """Within it one statement more is under way; raises TooManyStatements."""
        most, key = most or self._usual, (user, scope)
        if self._under_way[key] >= most:
            raise TooManyStatements(scope, most)
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]


class BodyBudget:
    """How many bytes of request bodies are in our memory, all in all and of one user.

    The mutable state is their numbers.
    """

    def __init__(self, each: int, most: int) -> None:
        self._each = each
        self._most = most
        self._of: Counter[str] = Counter()
        self._all = 0

    @property
    def held(self) -> int:
        """How many there are."""
        return self._all

    def take(self, user: str, size: int) -> None:
        """So many bytes more; raises QuotaExceeded, or NoCapacity where others hold them."""
        if self._of[user] + size > self._each:
            what = "bytes of request bodies at a time"
            raise QuotaExceeded(what, self._of[user] + size, self._each)
        if self._all + size > self._most:
            why = f"bodies of {self._all} bytes are under way, more than {self._most} may not be"
            raise NoCapacity(why)
        self._of[user] += size
        self._all += size

    def give_back(self, user: str, size: int) -> None:
        """So many bytes are gone."""
        self._all -= size
        self._of[user] -= size
        if not self._of[user]:
            del self._of[user]


class ConnectionGate:
    """How many connections are open, all in all and from one address.

    The mutable state is their numbers. Addresses for which `is_exempt` holds are proxies, which
    bring many clients.
    """

    def __init__(self, most: int, per_address: int, is_exempt: Callable[[str], bool]) -> None:
        self._most = most
        self._per_address = per_address
        self._is_exempt = is_exempt
        self._open: Counter[str] = Counter()
        self._all = 0

    @property
    def open(self) -> int:
        """How many there are."""
        return self._all

    def enter(self, address: str) -> None:
        """One more; raises TooManyConnections."""
        if self._all >= self._most:
            raise TooManyConnections("all in all", self._most)  # noqa: EM101
        if self._open[address] >= self._per_address and not self._is_exempt(address):
            raise TooManyConnections("from this address", self._per_address)  # noqa: EM101
        self._open[address] += 1
        self._all += 1

    def leave(self, address: str) -> None:
        """One that had entered is gone."""
        self._all -= 1
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


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
