"""What a LoRA file was refused for, in a sentence; the same for people on Discord and for the owner's command line."""

from engine.lora.errors import LoraRefused


def refusal(error: LoraRefused) -> str:
    """What is wrong with the file, without a full stop and without any mark that Discord would take for formatting."""
    what, found, wanted = (" ".join(text.replace("`", "'").split()) for text in (error.what, error.found, error.wanted))
    match error.reason:
        case "container":
            return f"this is no safetensors file but {found}"
        case "file_size":
            return f"the file has {_size(found)}; at most {_size(wanted)} are taken"
        case "header" if what:
            return f"the file's header is not sound ({what})"
        case "header_size":
            return f"the file's header says it has {_size(found)}; {_size(wanted)} are far more than a LoRA needs"
        case "truncated":
            return f"the file has {found} bytes and should have {wanted}; it was cut off or damaged on the way"
        case "tensor_count":
            return f"the file holds {found} tensors; a LoRA has at most {wanted}"
        case "name":
            return f"the file names a tensor {what}, which is no name"
        case "dtype":
            return f"{what} holds numbers of type {found}; {wanted.replace(' ', ', ')} are read"
        case "shape":
            return f"{what} has the shape {found} and should be {wanted}"
        case "values":
            return f"{what} holds {found}; the file is damaged, or its training went astray"
        case "empty":
            return what or "there is no LoRA in the file"
        case "incomplete":
            return f"{what} has only its {found} part; the other one is missing"
        case "rank":
            return f"{what} has rank {found}; it should be {wanted}"
        case "alpha":
            return f"the alpha of {what} is {found}, which is no factor"
        case "pattern":
            return f"its {what} chooses layers by a pattern ({found}); save it with the layers' names written out"
        case "dora":
            return f"this is a DoRA ({what}); only its LoRA form can be used, so save it merged or train without DoRA"
        case "kind":
            return f"this is no LoRA: {what} belongs to {found}"
        case "unknown_modules":
            return f"the model has no {what} ({found} of {wanted} modules are unknown to it)"
        case "other_base" if wanted.isdigit():
            return f"it was made for another model: {what} has width {found} there and {wanted} here"
        case "other_base":
            return f"it was made for {found}, not for {wanted}"
        case "pickle":
            return f"the pickled file could not be read safely ({found}); save it as safetensors"
        case "digest":
            return "the stored file changed on the disk; it has to be added again"
        case "format":
            return f"the format {wanted} has no place for {what}"
        case _:
            return "the file's header is not sound"


def _size(count: str) -> str:
    size = int(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 10_000 or unit == "GB":
            return f"{size} {unit}"
        size //= 1000
    return count
