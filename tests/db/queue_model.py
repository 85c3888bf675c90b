"""The queue as plain lists, slow and obvious: what `db.jobs` must agree with whatever happens. Knows no database."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Waiting:
    id: int
    author: int
    relaxed: bool
    turn: int
    work: int
    guild: int | None = None
    cancel_requested: bool = False


@dataclass
class QueueModel:
    relaxed_after: int
    waiting: list[Waiting] = field(default_factory=list)
    running: list[Waiting] = field(default_factory=list)
    turns: Counter[int] = field(default_factory=Counter)  # the last turn of each author
    streak: int = 0
    turn: int = 0
    last_turn: int = 0
    paused: set[int | None] = field(default_factory=set)  # servers

    def order(self) -> list[Waiting]:
        """Everyone who waits, in the order in which they would be claimed if no server were paused."""
        fast = sorted((job for job in self.waiting if not job.relaxed), key=lambda job: (job.turn, job.id))
        slow = sorted((job for job in self.waiting if job.relaxed), key=lambda job: job.id)
        streak, line = self.streak, []
        while fast or slow:
            if slow and (not fast or streak >= self.relaxed_after):
                line.append(slow.pop(0))
                streak = 0
            else:
                line.append(fast.pop(0))
                streak += 1
        return line

    def place(self, job: Waiting) -> tuple[int, int]:
        """The job's position, and the work ahead of it."""
        held = self.paused - {job.guild}
        free = [one for one in self.waiting if one.guild not in held]
        ahead = QueueModel(self.relaxed_after, free, streak=self.streak).order()
        ahead = ahead[: ahead.index(job)]
        return len(ahead) + 1, sum(before.work for before in ahead)

    def enqueue(
        self, job_id: int, author: int, *, relaxed: bool, work: int, fair: bool, guild: int | None = None
    ) -> None:
        turn = 0
        if not relaxed:
            turn = max(self.turn, self.turns[author] + 1) if fair else self.last_turn
            self.turns[author] = turn
            self.last_turn = max(self.last_turn, turn)
        self._join(Waiting(job_id, author, relaxed, turn, work, guild))

    def claim(self, running_per_person: int | None) -> Waiting | None:
        busy = Counter(job.author for job in self.running)
        free = [job for job in self.waiting if running_per_person is None or busy[job.author] < running_per_person]
        free = [job for job in free if job.guild not in self.paused]
        first = QueueModel(self.relaxed_after, free, streak=self.streak).order()
        if not first:
            return None
        job = first[0]
        self.waiting.remove(job)
        self.running.append(job)
        if job.relaxed:
            self.streak = 0
        else:
            self.turn = max(self.turn, job.turn)
            slow_waits = any(other.relaxed for other in self.waiting)
            self.streak = min(self.streak + 1, self.relaxed_after) if slow_waits else 0
        return job

    def cancel(self, job: Waiting) -> None:
        if job in self.running:
            job.cancel_requested = True
            return
        self.waiting.remove(job)
        if job.relaxed:
            return
        later = [one for one in self.waiting if one.author == job.author and not one.relaxed and one.turn > job.turn]
        freed = job.turn
        for one in sorted(later, key=lambda one: (one.turn, one.id)):
            one.turn, freed = freed, one.turn
        if freed and self.turns[job.author] == freed:
            self.turns[job.author] -= 1

    def finish(self, job: Waiting) -> None:
        self.running.remove(job)

    def lose_all(self) -> None:
        """Every worker dies, and what was running waits again."""
        lost, self.running = self.running, []
        for job in sorted(lost, key=lambda job: job.id):
            if not job.cancel_requested:
                self._join(job)

    def _join(self, job: Waiting) -> None:
        if job.relaxed and not any(other.relaxed for other in self.waiting):
            self.streak = 0
        self.waiting.append(job)
