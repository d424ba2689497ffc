"""Tests of the built image. They need a container engine: `make image-test` runs them, and sets IMAGE."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("IMAGE") else ["test_*.py"]
