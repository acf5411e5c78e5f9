"""A program that has everything imported and acts in a process of its own for each line it reads, to be killed there.

A line is an act and the folder of a disk. It answers with the process, what that one says, and ``ended``.
Argument: the scene's folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.power.acts import ACTS, act, say
from tests.power.checks import quickly
from tests.power.scene import Scene


def main(scene: Scene) -> None:
    """Until the input ends."""
    with quickly():
        with tempfile.TemporaryDirectory() as folder:  # once undisturbed: keys derived, modules loaded
            act(scene, Path(shutil.copytree(scene.disk, Path(folder) / "disk")), ACTS)
        say("ready")
        for line in sys.stdin:
            name, disk = line.rstrip("\n").split(" ", 1)
            victim = os.fork()
            if not victim:
                say(f"process {os.getpid()}")
                act(scene, Path(disk), (name,))
                os._exit(0)
            os.waitpid(victim, 0)
            say("ended")


if __name__ == "__main__":
    main(Scene(Path(sys.argv[1])))
