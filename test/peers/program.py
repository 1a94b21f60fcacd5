"""What the peers written in Python share: their surroundings, and how an operation is run and told."""

import json
import os
import threading
import time

BROKERS = os.environ["BROKERS"]
SASL_BROKERS = os.environ["SASL_BROKERS"]
TLS_BROKERS = os.environ["TLS_BROKERS"]
CA_FILE = os.environ["TLS_CA"]
USER = os.environ["SASL_USER"]
PASSWORD = os.environ["SASL_PASSWORD"]

VALUES = [f"{at}:{'lorem ipsum ' * 20}" for at in range(20)]


def unique(name):
    """A name that no other run uses."""
    return f"{os.environ['PREFIX']}-{name}"


class NotThere(Exception):
    """The client does not have it."""


def same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")


def refused(run, what):
    """The exception of something that has to fail."""
    try:
        run()
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError(f"{what} was not refused")


def eventually(holds, what, seconds=30):
    end = time.time() + seconds
    while not holds():
        if time.time() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.05)


def run_operations(client, operations):
    """Runs what was asked for, each by itself, and prints a line for each."""
    tell({"client": client})
    wanted = os.environ.get("OPERATIONS") or ",".join(operations)
    for op in wanted.split(","):
        tell(run_one(op, operations.get(op)))
    os._exit(0)


def run_one(op, run):
    started = time.time()
    said = {}

    def work():
        try:
            if run is None:
                raise NotThere("the program does not have it")
            said["detail"] = run() or ""
            said["ok"] = True
        except NotThere as error:
            said.update(ok=None, detail=str(error))
        except Exception as error:  # noqa: BLE001
            said.update(ok=False, detail=f"{type(error).__name__}: {error}"[:400])

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)
    if thread.is_alive():
        said = {"ok": False, "detail": "not done after 60 s"}
    return {"op": op, "ms": round((time.time() - started) * 1000), **said}


def tell(line):
    print(json.dumps(line), flush=True)
