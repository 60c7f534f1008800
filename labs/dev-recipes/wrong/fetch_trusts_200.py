"""Status 200 means that all is well: the body is only looked at after the loop's `try`."""

# fails: fetch/gives_up, fetch/over_the_wire, fetch/retries_bad_bodies
# hears: json.loads and parse raise ValueError


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    for attempt in range(attempts):
        wait = 0.0
        try:
            answer = send(url)
        except OSError:
            answer = None
        if answer is not None and answer.status == 200:
            value = json.loads(answer.body)
            parse(value)
            return value
        if answer is not None:
            if answer.status != 429 and answer.status < 500:
                raise Refused(url)
            wait = retry_after(answer)
        if attempt + 1 < attempts:
            sleep(wait + rng.uniform(0, min(CAP, BASE * 2**attempt)))
    raise GaveUp(url)
