"""Sets the moment only when a request is let through: refusals let the same drops drip again."""

# fails: bucket/drips, bucket/follows_the_reference
# hears: set self.moment in each call


class TokenBucket:
    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self):
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + self.rate * (now - self.moment))
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.moment = now
        self.tokens -= 1
        return 0.0
