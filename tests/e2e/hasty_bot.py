"""A broken bot for the kill test: its storage says "stored" before the file is there. The rest is `fake_bot`."""

import hashlib
import io
import sys
import threading

from PIL import Image

import bot.__main__
from engine.metadata import PictureMetadata
from engine.storage import Storage, Stored, encode_png
from tests.e2e import fake_bot

DELAY = 3.0
"""Seconds between the promise and the file."""


class HastyStorage(Storage):
    def put(self, image: Image.Image, picture: PictureMetadata | None) -> Stored:
        png = encode_png(image, picture)
        with Image.open(io.BytesIO(png)) as written:
            width, height = written.size
        timer = threading.Timer(DELAY, super().put, (image, picture))
        timer.daemon = True
        timer.start()
        digest = hashlib.sha256(png).hexdigest()
        return Stored(digest=digest, bytes=len(png), width=width, height=height, created=True)


if __name__ == "__main__":
    bot.__main__.Storage = HastyStorage
    sys.exit(fake_bot.main())
