"""Runs one command on one core and says what it took, as JSON: processor seconds, most memory, exit status.

    measure.py STDIN STDOUT COMMAND…

A process of its own, and a small one: the system counts the memory of the parent at the moment of starting as memory of the
child, so that a parent that holds a corpus would spoil the figure.
"""

import json
import os
import subprocess
import sys


def stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    source, target, *command = sys.argv[1:]
    stay_on_one_core()
    with open(source, "rb") as stdin, open(target, "wb") as stdout, open(target + ".err", "wb") as stderr:
        child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(child.pid, 0)
    # Linux counts in kibibytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    took = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * unit,
        "status": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main()
