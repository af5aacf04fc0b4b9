"""Run a command and write what it used as JSON: python -S thin.py RESULT COMMAND...

A process of its own, since the peak memory of a child of a large process counts that process's pages until it starts.
"""

import json
import os
import sys
import time

started = time.monotonic()
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], dict(os.environ))
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as sink:  # noqa: PTH123 - nothing more is imported than must be
    json.dump(
        {
            "code": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "wall_s": time.monotonic() - started,
            "peak_bytes": usage.ru_maxrss * 1024,
        },
        sink,
    )
