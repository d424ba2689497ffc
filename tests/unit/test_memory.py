"""Memory that is free is not kept."""

import subprocess
import sys
import textwrap


def test_free_memory_between_what_is_in_use_is_given_back() -> None:
    """In a process of its own, whose memory nothing else has moved."""
    program = """
        import asyncio
        from pathlib import Path
        from syncpause import memory

        def resident() -> int:
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

        async def main() -> None:
            taken = [bytes(2000) for _ in range(30_000)]
            kept = taken[::50]
            taken.clear()
            before = resident()
            memory.GIVE_BACK_SECONDS = 0.01
            giving_back = asyncio.create_task(memory.give_back())
            await asyncio.sleep(0.5)
            giving_back.cancel()
            print(before - resident(), len(kept))

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=True, capture_output=True, text=True
    )
    given_back, kept = map(int, done.stdout.split())
    assert kept == 600
    assert given_back > 30_000_000
