"""UUIDv7 (RFC 9562): sorts by time; the rest is random, or derived if it must be repeatable."""

import os
import uuid

_RANDOM_BITS = 74
_NAMESPACE = uuid.UUID("6f2b5d1e-9c47-5d0e-8a51-3b7c2f6d9e10")


def _uuid7(ms: int, bits: int) -> str:
    high = bits >> 62  # 12 bits after the version; the low 62 follow the variant
    low = bits & ((1 << 62) - 1)
    value = (ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low
    return str(uuid.UUID(int=value))


def new_uid(ms: int) -> str:
    """Return a new UUIDv7 for something that began at `ms` since the epoch, UTC."""
    return _uuid7(ms, int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS))


def derived_uid(ms: int, *parts: object) -> str:
    """Return a UUIDv7 that depends only on `ms` and `parts` (SHA-256)."""
    import hashlib

    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return _uuid7(ms, int.from_bytes(digest, "big") >> (256 - _RANDOM_BITS))


def new_device_id() -> str:
    """Return a random UUID (version 4) for a new local file."""
    return str(uuid.uuid4())


def derived_device_id(source_host: str) -> str:
    """Return the device id (UUIDv5) for rows that name a host but no device."""
    return str(uuid.uuid5(_NAMESPACE, source_host))
