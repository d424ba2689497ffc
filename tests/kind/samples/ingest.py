"""An SFTP ingest: moves files from one folder to another; at SIGTERM it takes some seconds to finish."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType

inbox, done = Path("/data/inbox"), Path("/data/done")
seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0


def finish(_number: int, _frame: FrameType | None) -> None:
    print(f"finishing what is in hand, {seconds:g} s", flush=True)
    time.sleep(seconds)
    print("ingest stopped", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, finish)
inbox.mkdir(parents=True, exist_ok=True)
done.mkdir(parents=True, exist_ok=True)
print("ingest started", flush=True)
while True:
    for file in inbox.iterdir():
        file.rename(done / file.name)
        print(f"ingested {file.name}", flush=True)
    time.sleep(0.2)
