"""LoRAs: strangers' files read with care, kept on the device, and given to each row of a batch in its own mix."""
