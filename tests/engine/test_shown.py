"""What the engine read in pictures and drew from is kept with the job and told by its files."""

from db.models import JobStatus
from engine.edits.plan import Editor
from tests.engine.edits.test_plan import Reader, noisy
from tests.engine.test_worker import Studio, studio

__all__ = ["studio"]


async def test_what_was_read_is_kept_with_the_job_and_told_by_its_files(studio: Studio) -> None:
    parent = studio.storage.put(noisy(), None)
    edit = {"kind": "words", "instruction": "make the house blue"}
    wish = {"prompt": "", "image": parent.digest, "edit": edit, "width": 256, "height": 256, "seeds": [5]}
    known = {"prompt": "a red house by day", "image": parent.digest, "strength": 0.5}
    settings = {"editor": Editor(reader=Reader()), "identity": lambda model: f"the files of {model}"}
    async with studio.working(**settings):
        for job_id in (first := await studio.wish(**wish), again := await studio.wish(**wish)):
            await studio.diary.until("ended", job_id)
        await studio.diary.until("ended", plain := await studio.wish(**known))
    jobs = [await studio.job(job_id) for job_id in (first, again, plain)]
    assert [job.status for job in jobs] == [JobStatus.SUCCEEDED] * 3
    shown = "a blue house in the snow at night"
    assert [job.request.get("shown") for job in jobs] == [shown, shown, None]
    assert jobs[1].repeats_id == first, "the words came with the pictures from storage"
    assert jobs[0].request["prompt"] == ""
    [digest] = await studio.digests(first)
    about = studio.storage.metadata(digest)
    assert about is not None
    assert about.prompt == shown
    assert about.recipe == {key: value for key, value in jobs[0].request.items() if key != "shown"}
