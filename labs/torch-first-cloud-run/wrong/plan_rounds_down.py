"""Rounds the sessions to the nearest number."""

# fails: plan/all_seconds, plan/session_count, plan/weeks_and_price
# hears: ceil(W (1 + C / every)


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, round(busy / room))
    seconds = busy + sessions * (offer["start"] + save)
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
