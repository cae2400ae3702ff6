"""Makes a virtual environment, or brings it up to date with a file of requirements: unless told of another, that of the
interop tests beside this file.

usage: setup_venv.py VENV [REQUIREMENTS]
Prints nothing if there was nothing to do. A venv that was interrupted half-way is made anew."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"


def ensure(venv: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Returns the Python of the environment at `venv`, which afterwards holds what `requirements` says."""
    python = venv / "bin" / "python3"
    stamp = venv / "husk-stamp"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    print(f"creating {venv}", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit("setup_venv: cannot create a virtual environment; on Debian: apt-get install python3-venv\n"
                 + made.stdout + made.stderr)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps",
           "-r", str(requirements)]
    if subprocess.run(pip).returncode != 0:
        sys.exit(f"setup_venv: pip could not install {requirements}; is there a network?")
    stamp.write_text(wanted)
    return python


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    ensure(*(Path(argument).resolve() for argument in sys.argv[1:]))
