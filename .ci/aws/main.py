"""`main.py GUILDHALL FUNCTIONS [CHECK…]`: the checks in the emulated cloud, or those that are named, with the program of the local
stack (whose `sim` is the game sim) and the folder of the functions' binaries.
"""

import pathlib
import sys
import tempfile

import emulators
from calls import Checks
from cloud import Cloud
from operations import Operations, planned

# Characters.
LOG_SHOWN_MAX = 4_000


def main(guildhall, functions, *chosen):
    planned()
    bin_folder = pathlib.Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="guildhall-aws-") as scratch:
        processes, checks = emulators.Processes(scratch), None
        try:
            ministack, moto = emulators.ministack(processes, bin_folder), emulators.moto(processes, bin_folder)
            print(f"== {len(list(pathlib.Path(functions).glob('*.d')))} functions, roles, tables, queues and an API", flush=True)
            checks = Checks(Cloud(ministack, functions), moto, processes, guildhall)
            checks.all(*chosen)
            Operations(checks).all()
        except BaseException:
            print(processes.log("ministack")[-LOG_SHOWN_MAX:])
            raise
        finally:
            if checks:
                checks.stop()
            processes.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
