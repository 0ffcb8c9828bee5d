"""What the suites send, as seeds for the fuzzers: see regress/fuzz."""

import hashlib
import os

FOLDER = os.environ.get("PORT_SEEDS")
MOST = 4096     # bytes; what is longer says nothing new


def keep(harness, data):
    """In a file of its own, if somebody wants it."""
    if not FOLDER or len(data) > MOST:
        return
    folder = os.path.join(FOLDER, harness)
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, hashlib.sha1(data).hexdigest())
    if not os.path.exists(name):
        with open(name, "wb") as f:
            f.write(data)
