"""Divides by a negative room."""

# fails: plan/never_ends
# hears: the run never ends there


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"] - save
    room = room or 1.0
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + sessions * (offer["start"] + save)
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
