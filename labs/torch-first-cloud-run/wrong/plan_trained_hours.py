"""Pays only for the hours of training."""

# fails: plan/weeks_and_price
# hears: billed as well


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = max(1, math.ceil(busy / room))
    seconds = busy + sessions * (offer["start"] + save)
    weeks = max(1, math.ceil(seconds / offer["week"]))
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": work / 3600 * offer["price"]}
