from __future__ import annotations

import asyncio

from control.engine.event_feed import KEPT, EventFeed


async def test_a_follower_gets_what_comes_after_its_call() -> None:
    feed: EventFeed[int] = EventFeed()
    feed.publish(1)
    follower = feed.follow()
    feed.publish(2)
    feed.publish(3)

    assert [await anext(follower), await anext(follower)] == [2, 3]


async def test_a_waiting_follower_is_woken() -> None:
    feed: EventFeed[int] = EventFeed()
    waiting = asyncio.ensure_future(anext(feed.follow()))
    await asyncio.sleep(0)
    feed.publish(1)

    assert await waiting == 1


async def test_every_follower_gets_everything() -> None:
    feed: EventFeed[int] = EventFeed()
    followers = [feed.follow(), feed.follow()]
    feed.publish(1)

    assert [await anext(follower) for follower in followers] == [1, 1]


async def test_who_is_too_far_behind_loses_the_oldest() -> None:
    feed: EventFeed[int] = EventFeed()
    follower = feed.follow()
    for number in range(KEPT + 5):
        feed.publish(number)

    assert await anext(follower) == 5


async def test_what_comes_while_one_is_read_is_not_lost() -> None:
    feed: EventFeed[int] = EventFeed()
    follower = feed.follow()
    feed.publish(1)
    first = await anext(follower)
    feed.publish(2)

    assert [first, await anext(follower)] == [1, 2]
