"""The transformer's training: when which sizes, how fast, what is saved. The text side learns along at a lower rate."""

import copy
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
import torch.fx.experimental._config
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from . import checkpoint
from .flow import Learner, captions_for, guide, reading_loss, velocity
from .muon import Optimizer
from .packaging import SHIFT, Parts
from .pool import SIZES, Pool
from .precision import mixed
from .ranks import average_gradients

STAGE = "flow"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and on what. Steps are optimiser steps; batches are per rank.

    The first `small_steps` see small pictures only. In the last `guided_part` of the course half of the rows distil
    guidance, which makes a step a third dearer. The learning rate falls to zero over the last `decay_part`. With
    `minutes` the course ends by the clock if that comes before `steps` (then not repeatable). `spread`: the painter's.
    With `compiled` the blocks run compiled: a third faster, after minutes of compiling; it needs a C++ compiler.
    """

    steps: int
    small_steps: int = 0
    guided_part: float = 0.3
    decay_part: float = 0.6
    minutes: float | None = None
    warm_steps: int = 60
    batch: int = 32
    small_batch: int = 64
    first_shards: int = 6
    shard: int = 256
    spread: float = 0.25
    grow_every: int = 60
    matrix_rate: float = 0.014
    rest_rate: float = 1.5e-3
    save_every: int = 400
    keep: float = 0.995
    compiled: bool = False


def is_small(size: tuple[int, int]) -> bool:
    return size[0] * size[1] <= 128 * 128


def choose(step: int, plan: Plan, seed: int) -> tuple[tuple[int, int], int]:
    """Return the picture size and text length of a step, alike on every rank."""
    rng = random.Random(f"{seed}-{STAGE}-{step}")
    sizes = {size: weight for size, weight in SIZES.items() if step >= plan.small_steps or is_small(size)}
    size = rng.choices(list(sizes), list(sizes.values()))[0]
    lengths = (16, 24, 32, 48, 128, 512) if is_small(size) else (16, 24, 32, 48, 128)
    length = rng.choices(lengths, (50, 14, 30, 4, 2, 1)[: len(lengths)])[0]
    return size, length


def train_flow(
    rank: int,
    ranks: int,
    folder: Path,
    *,
    seed: int,
    plan: Plan,
    device: str = "cpu",
    say: Callable[[str], None] = print,
    sample: Callable[[Learner, AutoencoderKL, int], None] | None = None,
    begin: Parts | None = None,
) -> None:
    """Train to `plan.steps`, going on from `folder/flow.ckpt` if there is one, else from `begin` or the text side.

    `sample` is called on rank 0 after each checkpoint with the averaged model. Raises `checkpoint.CheckpointError`.
    """
    torch.manual_seed(seed)
    autoencoder = AutoencoderKL.from_pretrained(folder / "vae").requires_grad_(False).eval()
    autoencoder.to(device)  # type: ignore[arg-type]
    learner = Learner().to(device)
    average = copy.deepcopy(learner).requires_grad_(False)
    optimizer = Optimizer(
        learner.named_parameters(),
        matrix_rate=plan.matrix_rate,
        rest_rate=plan.rest_rate,
        adam_only=("shared", "embed", "relative_attention_bias", "norm", "transformer.proj_out", "reader"),
        slow={"text.": 0.1, "norm": 0.5},
        rank=rank,
        ranks=ranks,
    )
    path = folder / "flow.ckpt"
    start = _resume(path, learner, average, optimizer, begin)
    middle: list[Tensor] = []
    learner.transformer.single_transformer_blocks[0].register_forward_hook(lambda _m, _i, out: middle.append(out[1]))
    if plan.compiled:
        compile_blocks(learner)
    pool = Pool(
        folder / f"pool-{round(100 * plan.spread)}",
        autoencoder,
        seed=seed,
        rank=rank,
        ranks=ranks,
        shard=plan.shard,
        spread=plan.spread,
    )
    began, seen, mean, mean_read = time.monotonic(), 0, 0.0, 0.0
    for step in range(start, plan.steps):
        done = _done(step, plan, began, ranks)
        if done >= 1:
            break
        size, length = choose(step, plan, seed)
        grow(pool, size, step, plan)
        rng = random.Random(f"{seed}-{STAGE}-{step}-{rank}")
        generator = torch.Generator().manual_seed(rng.getrandbits(40))
        batch = plan.small_batch if is_small(size) else plan.batch
        batch = max(4, batch // (8 if length > 200 else 2 if length > 100 else 1))
        scenes, latents, targets = pool.batch(size, batch, rng)
        captions = captions_for(scenes, length, learner.text, rng)
        sigma = torch.sigmoid(torch.randn(batch, generator=generator) + torch.log(torch.tensor(SHIFT)))
        noise = torch.randn(latents.shape, generator=generator)
        guidance = torch.ones(batch)
        latents, targets, sigma, noise, guidance = (x.to(device) for x in (latents, targets, sigma, noise, guidance))
        noisy, wanted = latents + sigma[:, None, None] * (noise - latents), noise - latents
        middle.clear()
        with ExitStack() as stack:
            stack.enter_context(mixed(device))
            if device == "cpu":  # the fused attention's backward is several times slower there at this size
                stack.enter_context(sdpa_kernel([SDPBackend.MATH]))
            if done >= 1 - plan.guided_part:
                guidance, wanted = guide(average, noisy, sigma, captions, length, size, wanted, 0.5, rng)
            made = velocity(learner.transformer, noisy, sigma, learner.text(captions, length), size, guidance).float()
            read = learner.reader(middle[0][:, -latents.shape[1] :]).float()
        loss, read_loss = F.mse_loss(made, wanted), reading_loss(read, targets)
        (loss + 0.1 * read_loss).backward()
        average_gradients(optimizer.parameters, ranks)
        norm = torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step(min(1.0, (step + 1) / plan.warm_steps, (1 - done) / plan.decay_part))
        with torch.no_grad():
            keep = min(plan.keep, (step + 1) / (step + 10))
            for slow, fast in zip(average.parameters(), learner.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
        seen += batch * ranks
        mean += (loss.item() - mean) * (1 if step == start else 0.02)
        mean_read += (read_loss.item() - mean_read) * (1 if step == start else 0.02)
        if rank == 0 and step % 20 == 0:
            rate = seen / (time.monotonic() - began)
            losses = f"loss {mean:.4f} read {mean_read:.4f} norm {norm.item():.2f}"
            say(f"flow {step}/{plan.steps} {done:.0%} {size[0]}x{size[1]} {losses} {rate:.1f} pictures/s")
        if rank == 0 and ((step + 1) % plan.save_every == 0 or step + 1 == plan.steps):
            _save(path, step + 1, learner, average, optimizer)
            if sample is not None:
                sample(average, autoencoder, step + 1)
    else:
        return
    if rank == 0:
        _save(path, step, learner, average, optimizer)
        if sample is not None:
            sample(average, autoencoder, step)


def _done(step: int, plan: Plan, began: float, ranks: int) -> float:
    """Return the share of the course that is over, by steps or by rank 0's clock, alike on every rank."""
    by_steps = step / plan.steps
    if plan.minutes is None:
        return by_steps
    clock = torch.tensor([(time.monotonic() - began) / 60 / plan.minutes])
    if ranks > 1:
        dist.broadcast(clock, 0)
    return max(by_steps, clock.item())


def _resume(path: Path, learner: Learner, average: Learner, optimizer: Optimizer, begin: Parts | None) -> int:
    """Load what there is and return the step to begin with."""
    if not path.exists() and begin is not None:  # the optimiser and the reading head start afresh
        learner.transformer.load_state_dict(begin.transformer.state_dict())
        learner.text.load_state_dict(begin.text.state_dict())
        average.load_state_dict(learner.state_dict())
        return 0
    if not path.exists():
        learner.text.load_state_dict(checkpoint.load(path.with_name("text.ckpt"), "text")["model"])
        average.load_state_dict(learner.state_dict())
        return 0
    state = checkpoint.load(path, STAGE)
    learner.load_state_dict(state["model"])
    average.load_state_dict(state["ema"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


def _save(path: Path, step: int, learner: Learner, average: Learner, optimizer: Optimizer) -> None:
    state = {"stage": STAGE, "step": step, "model": learner.state_dict(), "ema": average.state_dict()}
    checkpoint.save(path, {**state, "optimizer": optimizer.state_dict()})


def compile_blocks(learner: Learner) -> None:
    """Compile the transformer's blocks but the first single one, which carries a hook.

    One graph serves all sizes: without the duck-shape rule a batch of 32 with 32 words is no case of its own.
    """
    torch.fx.experimental._config.use_duck_shape = False
    transformer = learner.transformer
    for block in (*transformer.transformer_blocks, *list(transformer.single_transformer_blocks)[1:]):
        block.compile(dynamic=True)


def grow(pool: Pool, size: tuple[int, int], step: int, plan: Plan) -> None:
    """Give the pool the shards a size should have by this step: a first few, then one every so many steps."""
    share = SIZES[size]
    first = max(1, round(plan.first_shards * share * (15 if is_small(size) else 1.7)))
    more = (step - (0 if is_small(size) else plan.small_steps)) / plan.grow_every * share
    pool.grow(size, first + max(0, int(more)))
