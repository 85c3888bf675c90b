"""The language beyond single parameters: weights, braces, addresses, LoRAs, quotations, and what is nearly right."""

import random

import pytest

import engine.requests
from bench.prompts import answer, written
from prompts import (
    Address,
    BadValue,
    BadWeights,
    Block,
    Blocks,
    Code,
    Conflict,
    Lora,
    MisplacedImage,
    MissingValue,
    NearlyParameter,
    Needless,
    Part,
    Prompt,
    PromptError,
    PromptTooLong,
    Ramp,
    Ramps,
    StrayWeight,
    TooMany,
    UnbalancedBraces,
    UnfinishedQuote,
    UnfinishedTag,
    check,
    expand,
    format,
    parse,
)
from prompts.parameters import SCHEDULERS, find


def test_every_parameter_of_the_language_is_read_by_its_long_and_short_name():
    prompt = parse(
        "a house --s 250 --c 30 --w 500 --q .5 --stop 80 --iw 1.5 --sref 12 random::2 --sw 200 "
        "--oref https://a.example/b --ow 100 --scheduler Heun --tile --raw --draft --relax --v pocket"
    )
    assert prompt == Prompt(
        text="a house",
        stylize=250,
        chaos=30,
        weird=500,
        quality=0.5,
        stop=80,
        image_weight=1.5,
        styles=(Code(12), Code(None, 2.0)),
        style_weight=200,
        subject=Address("https://a.example/b"),
        subject_weight=100,
        scheduler="heun",
        tile=True,
        raw=True,
        draft=True,
        relax=True,
        model="pocket",
    )
    same = "a house --stylize 250 --chaos 30 --weird 500 --quality 0.5 --stop 80 --iw 1.5 --sref 12 random::2 --sw 200"
    same += " --oref https://a.example/b --ow 100 --scheduler heun --tile --style raw --draft --relaxed --model pocket"
    assert parse(same) == prompt


def test_the_schedulers_are_the_engines_own():
    assert engine.requests.SCHEDULERS == SCHEDULERS


@pytest.mark.parametrize(
    ("text", "parts", "shares"),
    [
        ("hot::2 dog", (Part("hot", 2.0), Part("dog", 1.0)), (2 / 3, 1 / 3)),
        ("hot:: dog", (Part("hot"), Part("dog")), (0.5, 0.5)),
        ("hot::dog", (Part("hot"), Part("dog")), (0.5, 0.5)),
        ("a red hat::1, a cat::-.5", (Part("a red hat", 1.0), Part("a cat", -0.5)), (2.0, -1.0)),
        ("a ::2 b ::1 --seed 1", (Part("a", 2.0), Part("b", 1.0)), (2 / 3, 1 / 3)),
    ],
)
def test_weights_part_a_prompt_and_add_up_to_one(text: str, parts: tuple[Part, ...], shares: tuple[float, ...]):
    prompt = parse(text)
    assert prompt.parts == parts
    assert [weight for _, weight in prompt.texts] == pytest.approx(shares)
    assert prompt.text == ", ".join(part.text for part in parts)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a::1 b::-1", BadWeights),
        ("a::-1", BadWeights),
        ("::2 a", StrayWeight),
        ("hot:: 2 dog", StrayWeight),
        ("a::5000 b", BadValue),
        ("a::1 " * 17, TooMany),
        ("a::--ar 3:2", NearlyParameter),
    ],
)
def test_weights_that_make_no_sense_are_refused(text: str, error: type[PromptError]):
    with pytest.raises(error):
        parse(text)


def test_braces_make_every_combination_the_last_ones_varying_quickest():
    assert expand("a {red, {light, dark} blue} {cat, dog}", 10) == [
        "a red cat",
        "a red dog",
        "a light blue cat",
        "a light blue dog",
        "a dark blue cat",
        "a dark blue dog",
    ]


def test_braces_stand_in_parameters_and_escaped_ones_choose_nothing():
    assert expand("a house --ar {1:1, 16:9} --{seed 1, s 5}", 10) == [
        "a house --ar 1:1 --seed 1",
        "a house --ar 1:1 --s 5",
        "a house --ar 16:9 --seed 1",
        "a house --ar 16:9 --s 5",
    ]
    assert expand("{a\\, b, c} d", 10) == ["a, b d", "c d"]
    assert expand('a \\{b\\} "{c, d}"', 10) == ['a \\{b\\} "{c, d}"']
    assert parse("a \\{b\\}").text == "a {b}"
    assert format(parse("a \\{b\\}")) == "a \\{b\\}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{a, b", UnbalancedBraces),
        ("a} b", UnbalancedBraces),
        ("{a,b}" * 700, TooMany),
        ("{a,b}" * 4, TooMany),
        ("{" * 30 + "a" + "}" * 30, TooMany),
        ("{" + "a" * 3000 + "," + "b" * 990 + "}" + "c" * 100, PromptTooLong),
    ],
)
def test_braces_that_make_no_sense_or_too_much_are_refused(text: str, error: type[PromptError]):
    with pytest.raises(error):
        expand(text, 10)


def test_addresses_in_front_are_image_prompts_and_nowhere_else():
    prompt = parse("https://a.example/b.png::2 <https://c.example/d.png> a cat --iw 0.5")
    assert prompt.images == (Address("https://a.example/b.png", 2.0), Address("https://c.example/d.png"))
    assert parse("https://a.example/b.png ::2 a cat").images == (Address("https://a.example/b.png", 2.0),)
    with pytest.raises(MisplacedImage):
        parse("a cat https://a.example/b.png")
    assert parse('a sign "https://a.example"').images == ()


def test_loras_are_read_from_tags_and_parameters_with_their_schedules():
    prompt = parse(
        'a <lora:ink:0.8>cat --lora "My Style:-1" --lora-steps ink:0..0.4=1,0.4..1=1..0.2 '
        "--lora-blocks ink:double=1,single3..7=0,single9=.5"
    )
    assert prompt.text == "a cat"
    assert prompt.loras == (Lora("ink", 0.8), Lora("My Style", -1.0))
    assert prompt.lora_steps == (Ramps("ink", (Ramp(0, 0.4, 1, 1), Ramp(0.4, 1, 1, 0.2))),)
    blocks = (Block("double", 0, None, 1), Block("single", 3, 7, 0), Block("single", 9, 9, 0.5))
    assert prompt.lora_blocks == (Blocks("ink", blocks),)
    check(prompt)
    assert parse(format(prompt)) == prompt


@pytest.mark.parametrize(
    "value", ["x", "x:0..2=1", "x:0.5..0.4=1", "x:0..0.5=1,0.4..1=1", "x:0..1", ":0..1=1", "x:a..b=1"]
)
def test_a_schedule_over_steps_has_to_go_forward_within_the_job(value: str):
    with pytest.raises(BadValue):
        parse(f"a --lora x --lora-steps {value}")


def test_quoted_words_are_words_whatever_they_say():
    prompt = parse("a sign “SALE --ar 1:1 ::2” --ar 3:2")
    assert prompt.text == 'a sign "SALE --ar 1:1 ::2"'
    assert prompt.aspect == (3, 2)
    assert parse("a 5\" nail and a 6' plank --ar 3:2").text == "a 5\" nail and a 6' plank"


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("house--ar 16:9", "ar"),
        ("a house --seed 5--ar 3:2", "ar"),
        ("a house --draft--q 2", "quality"),
        ("a house -ar 16:9", "ar"),
        ("a house -- ar 16:9", "ar"),
        ("a house—ar 16:9", "ar"),
    ],
)
def test_what_looks_like_a_parameter_is_told_instead_of_drawn(text: str, parameter: str):
    with pytest.raises(NearlyParameter) as caught:
        parse(text)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    "text",
    [
        "a house, --ar 16:9, --seed 5",
        "a house,--ar 16:9,--seed 5",
        "a house –ar 16:9 –seed 5",
        "a house --ar16:9 --seed5",
    ],
)
def test_slips_that_can_mean_one_thing_only_are_read(text: str):
    assert parse(text) == Prompt(text="a house", aspect=(16, 9), seed=5)


@pytest.mark.parametrize(
    "text", ["a cat—no, a dog", "a well-known cat", "half - and half", "yes/no -- maybe", "x -5 y"]
)
def test_prose_stays_prose(text: str):
    assert parse(text).text == text


@pytest.mark.parametrize(
    "text", ["a --draft --hd", "a --fast --relax", "a --ar 1:1 --size 64x64", "a --size 64x64 --hd"]
)
def test_what_cannot_both_hold_is_refused(text: str):
    with pytest.raises(Conflict):
        parse(text)


@pytest.mark.parametrize(
    "text", ["a --sw 5", "a --ow 5", "a --iw 1", "a --lora-steps x:0..1=1", "a --lora y --lora-blocks x:single=1"]
)
def test_a_weight_of_nothing_is_refused_instead_of_ignored(text: str):
    with pytest.raises(Needless):
        check(parse(text))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a <lora:x", UnfinishedTag),
        ('" --lora "b c"', UnfinishedQuote),
        ("a --tile=yes", BadValue),
        ("a --sref", MissingValue),
    ],
)
def test_what_is_unfinished_is_told(text: str, error: type[PromptError]):
    with pytest.raises(error):
        parse(text)


def test_a_thousand_prompts_in_midjourneys_manner_are_read_or_answered():
    answers = [(text, answer(text)) for text in written(1000, seed=1)]
    read = [text for text, said in answers if said == "read"]
    assert 350 <= len(read) <= 650
    assert [text for text, said in answers if said.startswith("no words")] == []
    # Nothing that was read can hold a parameter that was taken for words.
    for text in random.Random(0).sample(read, 200):
        for one in expand(text, 40):
            after = parse(one).text.split("--")[1:]
            assert [words for words in after if find(words.split(" ")[0].lower())] == []
