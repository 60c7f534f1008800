"""Forgets the save at the end of each session."""

# fails: plan/all_seconds, plan/never_ends, plan/session_count
# fails: plan/weeks_and_price
# hears: start and the last save


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"]
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + sessions * offer["start"]
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
