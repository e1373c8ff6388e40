"""What schemathesis cannot guess: a client, a session, a request that waits."""

import json
import os
import random
import zlib

import schemathesis

KNOWN = json.loads(os.environ["VESTIBULE_KNOWN"])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Three of four values are such that a request gets further than the first check; which ones follows from the request."""
    seed = json.dumps([case.query, case.body], sort_keys=True, default=str)
    draw = random.Random(zlib.crc32(seed.encode()))
    for values in (case.path_parameters, case.query, case.body):
        if isinstance(values, dict):
            for name in values:
                if name in KNOWN.get("parameters", {}) and draw.random() < 0.75:
                    values[name] = KNOWN["parameters"][name]
    if draw.random() < 0.75:
        # Whoever logs in would end the session that the other requests need.
        cookies = {
            name: value
            for name, value in KNOWN.get("cookies", {}).items()
            if not (case.path == "/login" and "session" in name)
        }
        case.cookies = {**(case.cookies or {}), **cookies}
