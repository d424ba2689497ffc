"""A sync: it takes some seconds and writes a line when it is through."""

import sys
import time

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
print(f"copying sections from the SIS, {seconds:g} s", flush=True)
time.sleep(seconds)
print("sync complete", flush=True)
