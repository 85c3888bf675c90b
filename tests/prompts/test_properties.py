"""What holds for every text and every prompt."""

from hypothesis import example, given
from hypothesis import strategies as st

from prompts import PARAMETERS, Prompt, PromptError, clean, format, parse

# Text that hits the grammar often: names, dashes and values, between anything at all.
_pieces = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["--", "—", "-", "=", ",", ":", " ", "\n", "--no ", "--seed ", "--r=", "5", "3:2", "2.50", "cat"]),
    st.sampled_from([f"--{parameter.name}" for parameter in PARAMETERS]),
)
texts = st.lists(_pieces, max_size=20).map("".join) | st.lists(_pieces, max_size=20).map(" ".join)

_words = st.text("abcXYZé4.:=-", min_size=1, max_size=8).filter(lambda word: not word.startswith("-"))
_phrases = st.lists(_words, min_size=1, max_size=4).map(" ".join)
_terms = st.integers(1, 10_000)

prompts = st.builds(
    Prompt,
    text=_phrases,
    aspect=st.none() | st.tuples(_terms, _terms).filter(lambda terms: max(terms) <= 4 * min(terms)),
    seed=st.none() | st.integers(0, 2**32 - 1),
    steps=st.none() | st.integers(1, 100),
    guidance=st.none() | st.floats(0, 30, allow_subnormal=False).map(abs),
    no=st.lists(_phrases, max_size=3).map(tuple),
    repeat=st.none() | st.integers(1, 10),
    model=st.none() | _words,
)


@given(prompts)
def test_what_is_written_is_read_back(prompt: Prompt):
    assert parse(format(prompt)) == prompt


@given(texts)
@example("a --no x,--y")
@example("a --model=--x")
@example("a --guidance 0.00001")
def test_any_text_is_a_prompt_or_a_prompt_error_and_survives_the_round_trip(text: str):
    try:
        prompt = parse(text)
    except PromptError:
        return
    assert prompt.text
    assert parse(format(prompt)) == prompt


@given(st.text())
def test_cleaning_twice_is_cleaning_once_and_fits_any_database(text: str):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
