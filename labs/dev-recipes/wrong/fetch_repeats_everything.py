"""Every status but 200 is repeated, and so is every exception."""

# fails: fetch/bugs_come_through, fetch/refuses_at_once
# hears: for the rest raise Refused
# hears: `except Exception` would repeat a bug


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    for attempt in range(attempts):
        wait = 0.0
        try:
            answer = send(url)
            if answer.status == 200:
                value = json.loads(answer.body)
                parse(value)
                return value
            wait = retry_after(answer)
        except Exception as error:
            print(error)
        if attempt + 1 < attempts:
            sleep(wait + rng.uniform(0, min(CAP, BASE * 2**attempt)))
    raise GaveUp(url)
