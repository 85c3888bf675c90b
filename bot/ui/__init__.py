"""What people see and press: cards, buttons, pages. Knows rows and words; no pixels and no queue policy."""
