from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="session")
def pipeline(blank_folder: Path) -> Any:
    """The stock pipeline on the untrained model in float32; leave no adapter on it."""
    from diffusers.pipelines.flux.pipeline_flux import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(blank_folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
