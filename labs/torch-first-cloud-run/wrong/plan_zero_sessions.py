"""Without limits, no session and no week at all."""

# fails: plan/no_limits
# hears: and its ceiling 0


def plan(work: float, save: float, every: float, offer: dict) -> dict | None:
    room = offer["session"] - offer["start"] - save
    if room <= 0:
        return None
    busy = work * (1 + save / every)
    sessions = math.ceil(busy / room)
    seconds = busy + sessions * (offer["start"] + save)
    weeks = math.ceil(seconds / offer["week"])
    return {"sessions": sessions, "seconds": seconds, "weeks": weeks, "price": seconds / 3600 * offer["price"]}
