"""One attempt too many (attempts are taken for repetitions), and a pause even after the last."""

# fails: fetch/gives_up
# hears: range(attempts) counts the requests


def fetch(url, parse, send, sleep, rng, attempts=ATTEMPTS):
    for attempt in range(attempts + 1):
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
        sleep(wait + rng.uniform(0, min(CAP, BASE * 2**attempt)))
    raise GaveUp(url)
