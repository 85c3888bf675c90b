"""From a job's row to the message people see: what it shows, where it goes, in which order, until it has arrived.

Rows are the truth: a job is delivered when its row says so, and memory can be lost at any moment.
"""

from bot.delivery.delivery import Delivery

__all__ = ["Delivery"]
