"""Stops waiting, but lets the job go on; and rounds Retry-After down."""

# fails: predict/keeps_the_deadline, predict/limits_rate
# hears: nobody wants this answer any more


async def predict(service, request):
    if not service.ready:
        raise HTTPException(503, "not ready", {"Retry-After": "1", "Connection": "close"})
    if pause := service.bucket(request.headers.get("x-client", "")).take():
        raise HTTPException(429, "too many requests", {"Retry-After": str(int(pause))})
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > service.most_bytes:
            raise HTTPException(413, "too large", {"Connection": "close"})
    try:
        x = pixels_of(body)
    except ValueError:
        raise HTTPException(422, "no picture") from None
    try:
        chances = await asyncio.wait_for(asyncio.shield(service.submit(x)), service.deadline)
    except Busy as busy:
        raise HTTPException(503, str(busy), {"Retry-After": "1"}) from None
    except TimeoutError:
        raise HTTPException(504, "no answer in time") from None
    return {"digit": int(chances.argmax()), "confidence": float(chances.max())}
