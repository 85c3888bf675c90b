"""Edits: new pictures from pictures, as rows ask for them. Knows neither queue nor Discord.

A job's row asks for an edit by the key `edit` of its request, a plain dict; without it the request goes to the engine
as it stands. `kind` says which edit, and there is exactly one way to ask for each:

| `edit`                                      | the row besides                                          | pictures |
|---------------------------------------------|----------------------------------------------------------|----------|
| `{"kind": "zoom", "factor": 1.5}`           | `image`; 1 < factor <= 2                                 | seeds    |
| `{"kind": "square"}`                        | `image`, which is not square                             | seeds    |
| `{"kind": "pan", "direction": "left"}`      | `image`; "left", "right", "up" or "down"                 | seeds    |
| `{"kind": "region", "cells": ["top left"]}` | `image`; some of `region.CELLS`                          | seeds    |
| `{"kind": "region"}`                        | `image`, `mask` (white is redrawn, of any size)          | seeds    |
| `{"kind": "upscale", "how": "subtle"}`      | `image`; "subtle" or "creative"; one seed                | one      |
| `{"kind": "blend"}`                         | `references`: 2 to 5 "image"; `prompt` may be ""         | seeds    |
| `{"kind": "words", "instruction": "..."}`   | `image`; `"scene": "..."` beside the instruction is what | seeds    |
|                                             | the picture shows; without it the picture is read        |          |

`image` is the digest of the picture that is edited. `strength` is None in all of these rows (every kind has its own);
a number there wins. `prompt`, `negative_prompt`, `steps`, `guidance`, `seeds` and everything else mean what they
always mean: region says what should be there now; where its prompt also says what is around that, `"words"` beside
the kind are those for a region within one surface, which needs no horizon of its own. Zoom, square and pan usually
carry the prompt of their parent, of which only the surroundings are then drawn beyond the edge; where their prompt is
another one, `"scene"` beside the kind holds that of the parent, and the new prompt is drawn whole. `width` and
`height` are those of the finished picture, and `work` its cost; both come from

    outline(request, picture=(image.width, image.height), entry=catalogue.get(model), longest=...) -> Outline

which opens no file and raises what is wrong with the wish: BadRequest, UnsupportedSize, UpscaledEnough, PannedEnough.
What a "words" asks to take away and the words for the picture do not name is added to `negative_prompt`; one that
leaves no words raises NothingLeft.

Rows of "blend" and "words" may have no prompt. What was then read and drawn from is kept with the job when it is done,
as `shown` beside the prompt, which stays empty: drawn again, the pictures are read again.

What is kept is kept: outside of a region every pixel stays as it was; on a larger canvas the old picture (for a zoom,
as scaled by Lanczos) stays as it was but for `keeping.feather(width, height)` pixels along the sides where it goes on.

Models that look at pictures themselves (`ModelEntry.looks_at`) are handed them: one that is `instructed` gets picture
and instruction of "words" as they are, and draws at its usual size; "blend" becomes references.
"""
