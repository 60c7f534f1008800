"""Adds the start of one session only."""

# fails: plan/all_seconds, plan/weeks_and_price
# hears: with n the number of sessions


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + offer["start"] + save
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
