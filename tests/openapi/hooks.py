"""What schemathesis cannot guess: a client, a session, a request that waits."""

import json
import os
import random
import zlib

import schemathesis

# "cookies" of a session; "good" requests by path, which succeed as they are; good values of "parameters" by name.
KNOWN = json.loads(os.environ["VESTIBULE_KNOWN"])


def improve(values, good, draw):
    """A quarter is good, a quarter is good but for what comes along, in the rest most values are such as others send."""
    kind = draw.random()
    if good and kind < 0.25:
        return dict(good)
    if good and kind < 0.5:
        return {**values, **good}
    names = [name for name in values if name in KNOWN["parameters"] and draw.random() < 0.75]
    return {**values, **{name: KNOWN["parameters"][name] for name in names}}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Takes most requests past the first check. How far each gets follows from the request, so that a run can be repeated."""
    seed = json.dumps([case.method, case.path, case.query, case.body], sort_keys=True, default=str)
    draw = random.Random(zlib.crc32(seed.encode()))
    good = KNOWN["good"].get(case.path)
    if isinstance(case.body, dict):
        case.body = improve(case.body, good, draw)
    elif case.method == "GET" and isinstance(case.query, dict):
        case.query = improve(case.query, good, draw)
    if isinstance(case.path_parameters, dict):
        case.path_parameters = improve(case.path_parameters, None, draw)
    if draw.random() < 0.75:
        # Whoever logs in would end the session that the other requests need.
        cookies = {
            name: value
            for name, value in KNOWN["cookies"].items()
            if not (case.path in ("/login", "/login/password") and "session" in name)
        }
        case.cookies = {**(case.cookies or {}), **cookies}
