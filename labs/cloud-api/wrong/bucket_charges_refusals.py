"""Takes a token for a refusal, too: who asks often never gets through."""

# fails: bucket/drips, bucket/follows_the_reference, bucket/says_when
# hears: missing are 1 - tokens


class TokenBucket:
    def __init__(self, rate, burst, clock=time.monotonic):
        self.rate, self.burst, self.clock = rate, burst, clock
        self.tokens, self.moment = burst, clock()

    def take(self):
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + self.rate * (now - self.moment))
        self.moment = now
        self.tokens -= 1
        return 0.0 if self.tokens >= 0 else -self.tokens / self.rate
