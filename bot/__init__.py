"""Discord: commands, buttons, cards, delivery and the command line, on top of every other part."""
