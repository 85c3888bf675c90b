"""The text side: two word-level tokenisers, a small T5 and a small CLIP, and their schooling on what captions mean.

Words of the painter's grammar are one token each, articles and punctuation none; any other word falls into pieces of
one or two letters, so that a new word (a LoRA's trigger, say) still has an embedding of its own.
"""

import random
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast, T5Config, T5EncoderModel

from . import checkpoint
from .muon import Optimizer, rate_factor
from .precision import mixed
from .scenes import COLORS, KINDS, PLACES, STYLES, TIMES, Scene, caption, sample_scene, vocabulary
from .scenes.sampling import SIZES, SPOTS

STAGE = "text"
WIDTH = 128
CLIP_LENGTH = 40
"""Tokens that CLIP reads; what is longer is cut."""

_PAD, _END, _UNKNOWN, _START = "<pad>", "</s>", "<unk>", "<s>"


def build_tokenizer(*, clip: bool) -> PreTrainedTokenizerFast:
    """Make one of the two tokenisers; they share their vocabulary. CLIP's puts a start before the text."""
    letters = string.ascii_lowercase + string.digits
    pieces = [a + b for a in string.ascii_lowercase for b in string.ascii_lowercase]
    words = [_PAD, _END, _UNKNOWN, _START, *vocabulary()]
    words += [*letters, *pieces, *("##" + letter for letter in letters), *("##" + piece for piece in pieces)]
    numbered = {word: i for i, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordPiece(numbered, unk_token=_UNKNOWN, max_input_chars_per_word=40))
    tokenizer.normalizer = normalizers.Sequence(  # type: ignore[assignment]
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[^a-z0-9]+"), " "),
            normalizers.Replace(Regex(r"\b(?:a|an|the)\b"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    tokenizer.decoder = decoders.WordPiece(prefix="##")  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single=f"{_START} $A {_END}" if clip else f"$A {_END}",
        special_tokens=[(_START, numbered[_START]), (_END, numbered[_END])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=_PAD,
        eos_token=_END,
        unk_token=_UNKNOWN,
        bos_token=_START,
        model_max_length=CLIP_LENGTH if clip else 512,
        padding_side="right",
    )


def build_clip(vocabulary_size: int) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=CLIP_LENGTH,
            hidden_act="gelu",
            pad_token_id=0,
            bos_token_id=3,
            eos_token_id=1,  # 2 would trigger the library's legacy pooling
        )
    )


def build_t5(vocabulary_size: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary_size,
            d_model=WIDTH,
            d_kv=32,
            d_ff=3 * WIDTH,
            num_layers=3,
            num_heads=4,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=1,
            relative_attention_num_buckets=16,
            relative_attention_max_distance=32,
        )
    )


ATTRIBUTES: dict[str, int] = {
    "first kind": len(KINDS) + 1, "first color": len(COLORS) + 1, "second kind": len(KINDS) + 1,
    "second color": len(COLORS) + 1, "layout": 4, "count": 5, "ground": len(COLORS) + 1, "place": len(PLACES) + 1,
    "time": len(TIMES) + 1, "style": len(STYLES), "size": len(SIZES) + 1, "spot": len(SPOTS) + 1,
}  # fmt: skip
"""What a caption is asked for, and how many answers there are; 0 is always "none of this"."""


def attributes(scene: Scene) -> list[int]:
    """Number the scene's attributes. Of two things the first is the left or upper one, so word order matters."""
    things = scene.things
    layout = 0
    if scene.relation in ("left", "right"):
        layout, things = 1, tuple(sorted(things, key=lambda thing: thing.x))
    elif scene.relation in ("above", "below"):
        layout, things = 2, tuple(sorted(things, key=lambda thing: thing.y))
    elif scene.relation:
        layout, things = 3, tuple(sorted(things, key=lambda thing: KINDS.index(thing.kind)))
    answers: list[int] = []
    for i in (0, 1):
        there = i < len(things) and (i == 0 or layout > 0)
        answers += [KINDS.index(things[i].kind) + 1, COLORS.index(things[i].color) + 1] if there else [0, 0]
    answers += [layout, len(things)]
    for value, names in ((scene.ground, COLORS), (scene.place, PLACES), (scene.time, TIMES)):
        answers.append(names.index(value) + 1 if value else 0)  # type: ignore[arg-type]
    answers.append(STYLES.index(scene.style))
    answers.append([None, *SIZES].index(scene.said_size))
    answers.append([None, *SPOTS].index(scene.said_spot))
    return answers


class Questions(nn.Module):
    """Asks an encoder for every attribute: one attention query each for a sequence, one layer for a pooled vector."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(len(ATTRIBUTES), WIDTH) * 0.2)
        self.keys, self.values = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.pooled = nn.ModuleList(nn.Linear(WIDTH, count) for count in ATTRIBUTES.values())
        self.heads = nn.ModuleList(nn.Linear(WIDTH, count) for count in ATTRIBUTES.values())

    def forward(self, sequence: Tensor, pooled: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and, per attribute, the share right from the sequence; answers are (batch, attributes)."""
        asked = F.scaled_dot_product_attention(
            self.queries[None].expand(len(sequence), -1, -1), self.keys(sequence), self.values(sequence)
        )
        losses, right = [], []
        for i, (head, other) in enumerate(zip(self.heads, self.pooled, strict=True)):
            guess = head(asked[:, i])
            losses.append(
                F.cross_entropy(guess.float(), answers[:, i]) + F.cross_entropy(other(pooled).float(), answers[:, i])
            )
            right.append((guess.argmax(-1) == answers[:, i]).float().mean())
        return torch.stack(losses).sum(), torch.stack(right)


class TextSide(nn.Module):
    """Both tokenisers and encoders, from captions to what the transformer takes."""

    def __init__(self) -> None:
        super().__init__()
        self.clip_tokenizer, self.t5_tokenizer = build_tokenizer(clip=True), build_tokenizer(clip=False)
        self.clip, self.t5 = build_clip(len(self.clip_tokenizer)), build_t5(len(self.t5_tokenizer))

    def lengths(self, captions: Sequence[str]) -> list[int]:
        """Count T5's tokens of each caption, the end included."""
        return [len(ids) for ids in self.t5_tokenizer(list(captions))["input_ids"]]  # type: ignore[arg-type]

    def forward(self, captions: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
        """Return T5's (batch, length, 128), padded without a mask as in the stock pipeline, and CLIP's (batch, 128)."""
        device = self.t5.device
        t5_ids = self.t5_tokenizer(list(captions), padding="max_length", max_length=length, truncation=True)[
            "input_ids"
        ]
        clip_ids = self.clip_tokenizer(list(captions), padding=True, max_length=CLIP_LENGTH, truncation=True)[
            "input_ids"
        ]
        sequence = self.t5(torch.tensor(t5_ids, device=device)).last_hidden_state
        return sequence, self.clip(torch.tensor(clip_ids, device=device)).pooler_output


def train_text(
    folder: Path,
    *,
    seed: int,
    steps: int,
    device: str = "cpu",
    batch: int = 192,
    say: Callable[[str], None] = print,
    save_every: int = 400,
) -> None:
    """School both encoders to `steps`, going on from `folder/text.ckpt` if it is there."""
    path = folder / "text.ckpt"
    torch.manual_seed(seed)
    side, questions = TextSide().to(device), Questions().to(device)
    named = [*side.named_parameters(prefix="side"), *questions.named_parameters(prefix="questions")]
    optimizer = Optimizer(
        named,
        matrix_rate=0.01,
        rest_rate=2e-3,
        adam_only=("embed", "shared", "questions", "relative_attention_bias"),
        slow={"relative_attention_bias": 15.0, "position_embedding": 3.0},  # word order is what is learnt last
    )
    start = 0
    if path.exists():
        state = checkpoint.load(path, STAGE)
        side.load_state_dict(state["model"])
        questions.load_state_dict(state["questions"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    began = time.monotonic()
    for step in range(start, steps):
        rng = random.Random(f"{seed}-{STAGE}-{step}")
        scenes = [sample_scene(rng) for _ in range(batch)]
        captions = [caption(scene, rng) for scene in scenes]
        answers = torch.tensor([attributes(scene) for scene in scenes], device=device)
        longest = max(side.lengths(captions))
        length = min(64, max(16, longest)) if rng.random() < 0.8 else 64
        with mixed(device):
            loss, right = questions(*side(captions, length), answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 5.0)
        optimizer.step(rate_factor(step, steps=steps, warm=60, decay=0.4))
        if step % 50 == 0:
            shares = " ".join(f"{name} {share:.0%}" for name, share in zip(ATTRIBUTES, right.tolist(), strict=True))
            rate = (step - start + 1) * batch / (time.monotonic() - began)
            say(f"text {step}/{steps} loss {loss.item():.3f} {rate:.0f} captions/s: {shares}")
        if (step + 1) % save_every == 0 or step + 1 == steps:
            state = {"stage": STAGE, "step": step + 1, "model": side.state_dict(), "questions": questions.state_dict()}
            checkpoint.save(path, {**state, "optimizer": optimizer.state_dict()})
