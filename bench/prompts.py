"""A thousand prompts in Midjourney's manner, mistakes included: how many are read, and what the others are told.

    python -m bench.prompts [--count 1000] [--seed 1] [--all]

prints a table of outcomes and every different answer with one prompt that got it; `--all` every prompt.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator

import prompts
from bot.errors import explain

SUBJECTS = [
    "a red house under a starry night sky",
    "portrait of an old fisherman, weathered skin, 85mm",
    "isometric cutaway of a tiny bakery, soft light",
    "a fox in the snow, ukiyo-e",
    'a neon sign that says "OPEN 24/7"',
    "cyberpunk alley, rain, reflections, cinematic lighting",
    "two blue birds left of a yellow tree",
    "knolling of a violin maker's tools",
    "seamless pattern of lemons and leaves",
    "C++ book on a desk, 3:1 macro, 50% off",
    "a 5\" nail and a 6' plank",
    "十二の月, 水彩",
]
ADDRESSES = ["https://cdn.discordapp.com/attachments/1/2/cat.png", "https://example.com/a_b-c.jpg?ex=65&hm=9"]
GOOD = [
    "--ar 16:9", "--ar 2:3", "--aspect 4:5", "--s 250", "--stylize 1000", "--c 30", "--chaos 0", "--w 500",
    "--weird 3000", "--no text, watermark", "--no blurry", "--seed 12345", "--seed=7", "--tile", "--q 2",
    "--quality .5", "--stop 80", "--r 4", "--repeat 2", "--raw", "--style raw", "--draft", "--hd", "--fast",
    "--relax", "--v pocket", "--model schnell", "--iw 1.5", "--sref random", "--sref 4294967295", "--sref 12 34::2",
    "--sw 200", "--steps 8", "--guidance 3.5", "--size 512x768", "--lora ink:0.8", "<lora:watercolour:0.6>",
    "--scheduler heun", "--ow 100", "--lora-steps ink:0..0.4=1,0.4..1=1..0.2",
    "--lora-blocks ink:double=1,single=0.5", *(f"--sref {address}" for address in ADDRESSES),
    *(f"--oref {address}" for address in ADDRESSES),
]  # fmt: skip
MISTAKES = [
    "--ar16:9", "--s250", "--seed5", "-ar 16:9", "-- ar 16:9", "—ar 16:9", "–ar 16:9", "--AR 3:2", "--ar 16x9",
    "--ar 16/9", "--ar 16:", "--ar", "--ar wide", "--aspect 10:1", "--ar 0:1", "--ar 16:9,", "--ar: 16:9",
    "--ar=16:9", "--Aspect 3:2", "--stylise 100", "--styl 100", "--stilize 10", "--s 2000", "--s -1", "--s high",
    "--chaos 101", "--c 50%", "--kaos 5", "--wierd 5", "--weird 3001", "--seed abc", "--seed 4294967296", "--seed -1",
    "--sed 4", "--seed 1.5", "--seeds 4", "--q 3", "--q 8", "--q high", "--stop 5", "--stop 101", "--no", "--no,",
    "--tile yes", "--tile=yes", "--tiles", "--v 6", "--v 6.1", "--niji", "--niji 6", "--version pocket", "--video",
    "--turbo", "--test", "--hq", "--beta", "--iw 4", "--iw", "--sref", "--sref cat", "--sref a.png",
    "--sref https://", "--sw 2000", "--oref cat", "--cref x", "--cw 100", "--p", "--profile x", "--personalize",
    "--exp 10", "--repeat 41", "--r 0", "--repeat", "--upbeta", "--uplight", "--creative", "--hd --draft",
    "--fast --relax", "--ar 1:1 --ar 3:2", "--ar 1:1 --size 64x64", "--size big", "--size 512", "--size 50000x50000",
    "--lora", "--lora x:high", "--lora x:50", "<lora:x", "<lora:>", "<lora:x:1:2>", "--lora-steps x",
    "--lora-steps x:0..2=1", "--lora-blocks x:triple=1", "--scheduler eular", "--scheduler DPM++", "--cfg 7",
    "--guidance 99", "--guidance nan", "--step 20", "--steps 0", "--steps 1000", "--negative text", "--width 512",
    "--quality", "--q", "{red, blue", "red}", "{a,b,c,d,e,f,g} {a,b,c,d,e,f,g}", "::2", "cat::-3", "cat:: 2 dog",
    "::", "https://example.com/late.png", "--image https://example.com/a.png", "--s 100 --s 200", "--fast fast",
    "--hd 4k",
]  # fmt: skip
GLUES = [" ", " ", " ", " ", ", ", "  ", "\n", ",", ""]


def written(count: int, seed: int) -> Iterator[str]:
    """`count` prompts, the same for the same seed; half of them with one mistake or more."""
    chance = random.Random(seed)
    for _ in range(count):
        text = chance.choice(SUBJECTS)
        if chance.random() < 0.2:
            first, second = chance.choice(["2", "1.5", ".5", ""]), chance.choice(["1", "-0.5"])
            text = f"{text}::{first} {chance.choice(SUBJECTS)}::{second}"
        if chance.random() < 0.15:
            text = f"a {{red, green\\, dark, {{light, deep}} blue}} door, {text}"
        if chance.random() < 0.15:
            weight = chance.choice(["", "::2", " ::0.5"])
            text = " ".join([*(one + weight for one in chance.sample(ADDRESSES, chance.randint(1, 2))), text])
        wrong = chance.random() < 0.5
        tail = chance.sample(GOOD, chance.randint(0, 3)) + chance.sample(MISTAKES, chance.randint(1, 2) if wrong else 0)
        chance.shuffle(tail)
        for one in tail:
            text += (chance.choice(GLUES) if wrong else " ") + one
        if chance.random() < 0.1:
            text = text.replace('"', "“", 1).replace('"', "”", 1)
        if chance.random() < 0.05:
            text = text.replace("--", "—")
        yield text


def answer(text: str) -> str:
    """What comes of a prompt: "read", or the words that its author is told."""
    try:
        for one in prompts.expand(text, 40):
            prompts.check(prompts.parse(one))
    except prompts.PromptError as error:
        return explain(error) or f"no words for {type(error).__name__}"
    return "read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    answers = [(text, answer(text)) for text in written(asked.count, asked.seed)]
    counted = Counter(words for _, words in answers)
    print(f"{asked.count} prompts: {counted['read']} read, {asked.count - counted['read']} answered")
    first = {words: text for text, words in reversed(answers)}
    for words, text in sorted((words, text) for text, words in answers) if asked.all else sorted(first.items()):
        print(f"\n{text!r}\n    {words}")


if __name__ == "__main__":
    main()
