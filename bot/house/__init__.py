"""The rules of the house: quotas, limits, filters, moderators' acts, privacy. Knows no pixels."""
