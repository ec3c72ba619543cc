# SPDX-License-Identifier: Apache-2.0
"""Runs in a guest: does what the host asks for on a serial line. A line each way is a JSON object.

    {"id": 3, "script": "ip xfrm state", "seconds": 20}   ->   {"id": 3, "status": 0, "output": "…"}

Scripts run side by side. What they leave running in the background is left alone."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import tty

TIMED_OUT = 124  # as timeout(1)

line = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
writing = threading.Lock()


def say(message):
    data = json.dumps(message).encode() + b"\n"
    with writing:
        while data:
            data = data[os.write(line, data):]


def run(request):
    # A file and no pipe: what stays in the background would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(["bash", "-c", request["script"]], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(request["seconds"])
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = TIMED_OUT
        output.seek(0)
        say({"id": request["id"], "status": status, "output": output.read().decode(errors="replace")})


say({"ready": True})
for text in os.fdopen(line, "rb", closefd=False):
    threading.Thread(target=run, args=(json.loads(text),), daemon=True).start()
