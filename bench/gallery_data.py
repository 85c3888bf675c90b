"""A server's gallery of any size, written straight into SQLite: pictures, likes, prompts, embeddings as the bot leaves
them. Knows the tables; the bench that uses it is `bench.gallery`."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import numpy as np

from db.heat import DAY, MONTH, ORIGIN, SCALE, WEEK
from db.shares import SHUFFLED

GUILD = 7
PEOPLE = 20_000
LIKES_PER_PICTURE = 5
CLUSTERS = 4_000
WORDS = 3_000
SPACE = "judge-1"
BATCH = 20_000
SPAN = timedelta(days=300)
WIDTH = 128


def fill(file: Path, pictures: int, *, seed: int = 1) -> None:
    """Fill a migrated database file with shared pictures of one server, five times as many likes, and 20,000 people.

    Likes are spread as in life: a few pictures have thousands, most a handful. Prompts draw from 3,000 words by Zipf's
    law, so the commonest word is in every third prompt.
    """
    rng = np.random.default_rng(seed)
    shared = np.sort(rng.uniform(0, SPAN / timedelta(seconds=1), pictures))
    liked = _likes(rng, pictures)
    moments = shared[liked[:, 0]] + rng.exponential(2 * 86400, len(liked))
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN")
    _people(database)
    _pictures(database, rng, shared, liked, moments)
    rows = zip((liked[:, 0] + 1).tolist(), (liked[:, 1] + 1).tolist(), map(_stamp, moments.tolist()), strict=True)
    database.executemany("INSERT INTO likes VALUES (?, ?, ?)", rows)
    database.execute("COMMIT")
    database.execute("ANALYZE")
    database.close()


def _likes(rng: np.random.Generator, pictures: int) -> np.ndarray:
    """(n, 2): picture and person from 0, each pair once, pictures in order."""
    wanted = pictures * LIKES_PER_PICTURE
    weights = rng.pareto(1.2, pictures) + 0.1
    weights = np.minimum(weights / weights.sum() * wanted, PEOPLE / 4)
    counts = rng.poisson(weights * wanted / weights.sum())
    pairs = np.repeat(np.arange(pictures, dtype=np.int64), counts) * PEOPLE
    pairs = np.unique(pairs + rng.integers(0, PEOPLE, len(pairs)))
    missing = wanted - len(pairs)
    if missing > 0:
        more = rng.integers(0, pictures * PEOPLE, missing * 2)
        pairs = np.unique(np.concatenate([pairs, rng.permutation(np.setdiff1d(more, pairs))[:missing]]))
    return np.stack([pairs // PEOPLE, pairs % PEOPLE], axis=1)


def _people(database: sqlite3.Connection) -> None:
    now = _stamp(0)
    database.execute("INSERT INTO guilds (id, name, created_at) VALUES (?, 'a server', ?)", (GUILD, now))
    database.executemany(
        "INSERT INTO users (id, name, created_at, seen_at) VALUES (?, ?, ?, ?)",
        ((one + 1, f"person {one + 1}", now, now) for one in range(PEOPLE)),
    )


def _pictures(
    database: sqlite3.Connection, rng: np.random.Generator, shared: np.ndarray, liked: np.ndarray, moments: np.ndarray
) -> None:
    counts = np.bincount(liked[:, 0], minlength=len(shared))
    ends = np.cumsum(counts)
    names = np.array([f"word{number}" for number in range(WORDS)])
    zipf = 1 / np.arange(1, WORDS + 1) ** 0.9
    centres = rng.normal(size=(CLUSTERS, WIDTH)).astype(np.float32)
    request = json.dumps({"model": "pocket", "seeds": [1], "width": 256, "height": 256, "steps": 12})
    for start in range(0, len(shared), BATCH):
        stop = min(start + BATCH, len(shared))
        size, ids = stop - start, range(start + 1, stop + 1)
        authors = rng.integers(1, PEOPLE + 1, size).tolist()
        prompts = [" ".join(row) for row in names[rng.choice(WORDS, (size, 9), p=zipf / zipf.sum())]]
        stamps = [_stamp(moment) for moment in shared[start:stop].tolist()]
        scores = [
            _heat(shared[start:stop], counts[start:stop], moments[ends[start] - counts[start] : ends[stop - 1]], span)
            for span in (DAY, WEEK, MONTH)
        ]
        vectors = centres[rng.integers(0, CLUSTERS, size)] + 0.6 * rng.normal(size=(size, WIDTH)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        database.executemany(
            "INSERT INTO jobs (id, interaction_id, kind, status, author_id, guild_id, channel_id, route, prompt,"
            " request, work, created_at, finished_at, delivered_at)"
            " VALUES (?, ?, 'imagine', 'succeeded', ?, ?, 1, 'channel', ?, ?, 12, ?, ?, ?)",
            ((i, i, a, GUILD, p, request, t, t, t) for i, a, p, t in zip(ids, authors, prompts, stamps, strict=True)),
        )
        database.executemany(
            'INSERT INTO images (id, job_id, "index", author_id, guild_id, digest, width, height, seed, bytes,'
            " created_at) VALUES (?, ?, 0, ?, ?, ?, 256, 256, 1, 90000, ?)",
            ((i, i, a, GUILD, f"{i:064x}", t) for i, a, t in zip(ids, authors, stamps, strict=True)),
        )
        shuffles = rng.integers(0, SHUFFLED, size).tolist()
        columns = (ids, authors, stamps, counts[start:stop].tolist(), *(one.tolist() for one in scores), shuffles)
        database.executemany(
            "INSERT INTO shares (id, image_id, guild_id, author_id, visibility, shared_at, likes, day, week, month,"
            " shuffle, shown) VALUES (?, ?, ?, ?, 'guild', ?, ?, ?, ?, ?, ?, 1)",
            ((i, i, GUILD, *rest) for i, *rest in zip(*columns, strict=True)),
        )
        database.executemany(
            "INSERT INTO search (rowid, prompt, marks) VALUES (?, ?, ?)",
            ((i, p, f"g{GUILD} o{GUILD} a{a}") for i, p, a in zip(ids, prompts, authors, strict=True)),
        )
        database.executemany(
            "INSERT INTO embeddings (id, image_id, space, vector) VALUES (?, ?, ?, ?)",
            ((i, i, SPACE, v.tobytes()) for i, v in zip(ids, vectors.astype("<f2"), strict=True)),
        )


def _heat(shared: np.ndarray, counts: np.ndarray, moments: np.ndarray, half_life: timedelta) -> np.ndarray:
    """`db.heat.heat` for many pictures at once."""
    seconds = half_life / timedelta(seconds=1)
    every = np.concatenate([shared, moments]) / seconds
    owner = np.concatenate([np.arange(len(shared)), np.repeat(np.arange(len(shared)), counts)])
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(shared)))
    return np.round(np.logaddexp2.reduceat(every[order], starts) * SCALE).astype(np.int64)


def _stamp(seconds: float) -> str:
    return (ORIGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")
