"""The only code that speaks HTTP to the API server."""

import os
from pathlib import Path

try:
    Path.home()
except RuntimeError:
    # A random uid has no passwd entry, and `kubernetes.aio.config` asks for the home folder at its import.
    os.environ["HOME"] = "/"
