"""LoRAs on Discord: names to files, files taken in with care, mixes shown in words."""
