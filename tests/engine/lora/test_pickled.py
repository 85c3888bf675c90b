import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.lora import files, pickled, shapes
from engine.lora.errors import LoraRefused
from tests.engine.lora import making


def test_a_pickled_checkpoint_becomes_a_file_like_any_other(pipeline: Any, blank_folder: Path, tmp_path: Path):
    sound = making.save(pipeline, tmp_path / "sound.safetensors", 1, rank=2, leaves=["to_q"])
    torch.save({"state_dict": load_file(sound), "epoch": 3}, tmp_path / "made.ckpt")
    pickled.to_safetensors(tmp_path / "made.ckpt", tmp_path / "made.safetensors")
    assert files.read(tmp_path / "made.safetensors", shapes.of_folder(blank_folder)).ranks == (2, 2)
    before, after = load_file(sound), load_file(tmp_path / "made.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


class Writes:
    """Unpickling it would write a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


@pytest.mark.parametrize("how", ["torch", "plain"])
def test_what_a_pickle_would_do_is_not_done(how: str, tmp_path: Path):
    bait, source = tmp_path / "bait", tmp_path / "evil.ckpt"
    if how == "torch":
        torch.save({"lora": Writes(bait)}, source)
    else:
        source.write_bytes(pickle.dumps(Writes(bait)))
    with pytest.raises(LoraRefused) as refused:
        pickled.to_safetensors(source, tmp_path / "out.safetensors")
    assert (refused.value.reason, refused.value.found) == ("pickle", "UnpicklingError")
    assert not bait.exists()
    assert not (tmp_path / "out.safetensors").exists()
