"""Takes every ValueError for the client's."""

# fails: predict/owns_its_bugs
# hears: a ValueError is a bug of yours


async def predict(service, request):
    if not service.ready:
        raise HTTPException(503, "not ready", {"Retry-After": "1", "Connection": "close"})
    if pause := service.bucket(request.headers.get("x-client", "")).take():
        raise HTTPException(429, "too many requests", {"Retry-After": str(math.ceil(pause))})
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > service.most_bytes:
            raise HTTPException(413, "too large", {"Connection": "close"})
    try:
        async with asyncio.timeout(service.deadline):
            chances = await service.submit(pixels_of(body))
    except ValueError:
        raise HTTPException(422, "no picture") from None
    except Busy as busy:
        raise HTTPException(503, str(busy), {"Retry-After": "1"}) from None
    except TimeoutError:
        raise HTTPException(504, "no answer in time") from None
    return {"digit": int(chances.argmax()), "confidence": float(chances.max())}
