"""Lets only whole tokens drip in, and forgets the rest."""

# fails: bucket/drips, bucket/follows_the_reference, bucket/says_when
# hears: in fractions


class TokenBucket:
    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self):
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + int(self.rate * (now - self.moment)))
        self.moment = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0
