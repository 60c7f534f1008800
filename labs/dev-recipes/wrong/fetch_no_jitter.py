"""Plain exponential backoff, and where the server names a time, exactly that time."""

# fails: fetch/full_jitter, fetch/honors_retry_after
# hears: so that the herd spreads over all of it


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    for attempt in range(attempts):
        wait = 0.0
        try:
            answer = send(url)
            if answer.status == 200:
                value = json.loads(answer.body)
                parse(value)
                return value
            if answer.status != 429 and answer.status < 500:
                raise Refused(url)
            wait = retry_after(answer)
        except (OSError, ValueError) as error:
            print(error)
        if attempt + 1 < attempts:
            sleep(wait or min(CAP, BASE * 2**attempt))
    raise GaveUp(url)
