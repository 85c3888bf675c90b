import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from db import jobs, ledger
from db.database import Database
from db.errors import Overdrawn
from tests.db.people import ADA, BEN, NOON, WIDE, claim, finish, meet, wish

GUILD = 9


async def test_each_key_gives_once_to_each_account(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        given = [
            await ledger.grant(session, who, 10, guild_id=where, key="day:2026-05-17")
            for who, where in ((ADA, GUILD), (ADA, GUILD), (ADA, None), (BEN, GUILD))
        ]
        given.append(await ledger.grant(session, ADA, 10, guild_id=GUILD, key="day:2026-05-18"))
        assert given == [10, 0, 10, 10, 10]
        assert await ledger.balance(session, ADA, GUILD) == 20
        assert await ledger.balance(session, ADA) == 10


async def test_a_reward_asked_for_by_sixty_at_once_is_given_once(database: Database) -> None:
    await meet(database)

    async def ask() -> int:
        async with database.writing() as session:
            return await ledger.reward(session, ADA, 50, guild_id=GUILD, key="challenge:1")

    assert sorted(await asyncio.gather(*(ask() for _ in range(60)))) == [0] * 59 + [50]


async def test_a_fill_brings_up_to_the_allowance_and_takes_nothing_of_what_is_above(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        assert await ledger.fill(session, ADA, 100, guild_id=GUILD, key="day:1") == 100
        assert await ledger.gift(session, ADA, -30, guild_id=GUILD, key="g1") == -30
        assert await ledger.fill(session, ADA, 100, guild_id=GUILD, key="day:1") == 0
        assert await ledger.fill(session, ADA, 100, guild_id=GUILD, key="day:2") == 30
        assert await ledger.gift(session, ADA, 50, guild_id=GUILD, key="g2") == 50
        assert await ledger.fill(session, ADA, 100, guild_id=GUILD, key="day:3") == 0
        assert await ledger.balance(session, ADA, GUILD) == 150


async def test_a_gift_takes_no_more_than_is_there(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.gift(session, ADA, 5, guild_id=GUILD, key="g1")
        assert await ledger.gift(session, ADA, -8, guild_id=GUILD, key="g2") == -5
        assert await ledger.balance(session, ADA, GUILD) == 0


async def test_sixty_requests_at_once_spend_ten_credits_ten_times(database: Database) -> None:
    await meet(database)
    for number in range(3):
        async with database.writing() as session:
            await ledger.fill(session, ADA, 10, guild_id=None, key=f"round:{number}")

        async def ask() -> bool:
            try:
                async with database.writing() as session:
                    await jobs.enqueue(session, wish(cost=1), WIDE)
            except Overdrawn:
                return False
            return True

        assert sum(await asyncio.gather(*(ask() for _ in range(60)))) == 10
        async with database.reading() as session:
            assert await ledger.balance(session, ADA) == await ledger.total(session, ADA) == 0


async def test_the_ledger_keeps_its_promises_whatever_happens(database: Database) -> None:
    """Stateful: grants, gifts, rewards, jobs that end in every way, and restarts, against plain sums."""
    loop = asyncio.get_running_loop()
    accounts = count(10_000)

    def here(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    class Accounts(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.person = next(accounts)
            self.balance, self.keys, self.running = 0, set(), []
            here(meet(database, self.person))

        @rule(amount=st.integers(0, 30), day=st.integers(1, 3))
        def renew(self, amount: int, day: int) -> None:
            given = here(self._do(ledger.fill, self.person, amount, guild_id=None, key=f"day:{day}"))
            assert given == (0 if f"day:{day}" in self.keys else max(0, amount - self.balance))
            self.keys.add(f"day:{day}")
            self.balance += given

        @rule(amount=st.integers(-20, 20), number=st.integers(1, 20))
        def gift(self, amount: int, number: int) -> None:
            given = here(self._do(ledger.gift, self.person, amount, guild_id=None, key=f"gift:{number}"))
            assert given == (0 if f"gift:{number}" in self.keys else max(amount, -self.balance))
            self.keys.add(f"gift:{number}")
            self.balance += given

        @rule(cost=st.integers(0, 25))
        def enqueue(self, cost: int) -> None:
            if cost > self.balance:
                with pytest.raises(Overdrawn) as refused:
                    here(self._do(jobs.enqueue, wish(self.person, cost=cost), WIDE))
                assert (refused.value.balance, refused.value.cost) == (self.balance, cost)
                return
            here(self._do(jobs.enqueue, wish(self.person, cost=cost), WIDE))
            self.balance -= cost
            self.running.append(here(claim(database)))

        @rule(how=st.sampled_from(["finish", "fail", "block", "cancel"]))
        def end(self, how: str) -> None:
            if not self.running:
                return
            job = self.running.pop()
            if how == "finish":
                here(finish(database, job))
            elif how == "cancel":
                here(self._do(jobs.finish_cancelled, job.id, job.fence))
            else:
                here(self._do(getattr(jobs, how), job.id, job.fence, "why"))
                self.balance += job.cost
                assert here(self._do(ledger.refund, job.id)) == 0

        @invariant()
        def the_balance_is_the_sum(self) -> None:
            if hasattr(self, "person"):
                assert here(self._look()) == (self.balance, self.balance)

        def teardown(self) -> None:
            while getattr(self, "running", []):
                self.end("finish")

        async def _do(self, what: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
            async with database.writing() as session:
                return await what(session, *given, now=NOON, **named)

        async def _look(self) -> tuple[int, int]:
            async with database.reading() as session:
                return await ledger.balance(session, self.person), await ledger.total(session, self.person)

    quick = settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]  its metaclass has no types
        database=None,
    )
    await asyncio.to_thread(run_state_machine_as_test, Accounts, settings=quick)


@pytest.mark.parametrize("cost", [0, 1])
async def test_a_job_is_charged_once_and_a_free_one_never(database: Database, cost: int) -> None:
    await meet(database)
    async with database.writing() as session:
        await ledger.grant(session, ADA, 5)
        job = (await jobs.enqueue(session, wish(cost=cost), WIDE)).job
        await ledger.charge(session, ADA, job.id, cost)
        assert await ledger.balance(session, ADA) == 5 - cost
