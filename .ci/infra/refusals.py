"""The checks of infra/, checked: everything in bad/ has to be refused, each case by what it names and for the reason it names.

    refusals.py [terraform]

A case is a file that begins with `# refused by WHO: WHAT`, or a folder like infra/ with a file `refused` that says `WHO: WHAT`.
Without the argument the cases for Terraform are left out.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import rules

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]


def cases():
    for path in sorted((HERE / "bad").iterdir()):
        text = (path / "refused").read_text() if path.is_dir() else path.open().readline().removeprefix("# refused by ")
        who, what = text.strip().split(": ", 1)
        yield path, who, what


def by_rules(scratch):
    return "\n".join(rules.check(scratch, ROOT))


def by_terraform(scratch):
    environment = os.environ | {"TF_DATA_DIR": str(scratch / ".terraform")}
    # No test file says that the cloud is made up, so nothing but words is asked of the provider.
    for words in (["init", "-backend=false"], ["validate"]):
        command = ["terraform", *words, "-no-color"]
        ended = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
        if ended.returncode:
            return " ".join((ended.stdout + ended.stderr).replace("│", " ").split())
    return ""


def by_checkov():
    """What checkov refuses in all cases, by file: it takes seconds to start."""
    program = pathlib.Path(sys.executable).parent / "checkov"
    command = [program, "-d", HERE / "bad", "--skip-download", "--framework", "terraform", "--quiet", "--compact", "-o", "json"]
    results = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["results"]["failed_checks"]
    found = {}
    for result in results:
        found.setdefault(pathlib.Path(result["file_path"]).name, []).append(result["check_id"])
    return found


def main(has_terraform):
    checkov, missed, count = by_checkov(), [], 0
    judges = {
        "rules": lambda path, scratch: by_rules(scratch),
        "terraform": lambda path, scratch: by_terraform(scratch),
        "checkov": lambda path, scratch: "\n".join(checkov.get(path.name, [])),
    }
    for path, who, what in cases():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch) / "infra"
            if path.is_dir():
                shutil.copytree(path, scratch)
            else:
                scratch.mkdir()
                shutil.copy(path, scratch / "main.tf")
            if who == "terraform" and not has_terraform:
                continue
            said = judges[who](path, scratch)
        count += 1
        if what not in said:
            missed.append(f"{path.relative_to(ROOT)}: {who} did not say {what!r}, but:\n{said or 'nothing'}")
    print("\n".join(missed) or f"refused what is bad in {count} cases")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main("terraform" in sys.argv[1:]))
