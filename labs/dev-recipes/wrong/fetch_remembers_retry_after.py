"""Sets Retry-After once and never back; the pause grows by addition and not by doubling."""

# fails: fetch/honors_retry_after, fetch/pauses_double
# hears: and not after the next ones
# hears: where limit = min(CAP, BASE * 2**n)


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    wait = 0.0
    for attempt in range(attempts):
        try:
            answer = send(url)
            if answer.status == 200:
                value = json.loads(answer.body)
                parse(value)
                return value
            if answer.status != 429 and answer.status < 500:
                raise Refused(url)
            wait = max(wait, retry_after(answer))
        except (OSError, ValueError) as error:
            print(error)
        if attempt + 1 < attempts:
            sleep(wait + rng.uniform(0, min(CAP, BASE * (attempt + 1))))
    raise GaveUp(url)
