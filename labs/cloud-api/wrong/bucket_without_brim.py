"""Saves up without limit."""

# fails: bucket/follows_the_reference, bucket/has_a_brim
# hears: no more than a full bucket


class TokenBucket:
    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self):
        now = self.clock()
        self.tokens += self.rate * (now - self.moment)
        self.moment = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0
