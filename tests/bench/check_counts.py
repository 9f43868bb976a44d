"""check_counts.py BENCH_CROWD COUNTS COMPILER [--record]: the instructions that a line, a registration and a delivery
take, as callgrind counts them, stay within 5 % of what the file COUNTS says. Counts are of one compiler: with another
there is nothing to compare (status 77). --record writes the file anew."""

import json
import pathlib
import re
import subprocess
import sys

SKIPPED = 77
ALLOWED = 0.05
FEW, MANY = 500, 1500
RECEIVERS = 100 - 1  # of each message


def instructions(program, what, times):
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, "--count", what]
    words += ["--users", str(times + 100), "--channels", "10", "--room", "0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        sys.exit(f"valgrind failed: {done.stderr[-2000:]}")
    return int(found[1])


def count(program):
    """What does not depend on how often something is done cancels out."""
    each = {
        what: (instructions(program, what, MANY) - instructions(program, what, FEW)) / (MANY - FEW)
        for what in ("line", "registration", "delivery")
    }
    each["delivery"] /= RECEIVERS
    return {what: round(number) for what, number in each.items()}


def main():
    program, path, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    record = "--record" in sys.argv[4:]
    told = {} if record else json.loads(path.read_text())
    if not record and told["compiler"] != compiler:
        print(f"the counts are of {told['compiler']}, and this is {compiler}")
        return SKIPPED
    counts = count(program)
    if record:
        path.write_text(json.dumps({"compiler": compiler, **counts}, indent=4) + "\n")
        return 0
    failed = False
    for what, number in counts.items():
        ratio = number / told[what]
        print(f"{what}: {number} instructions, {ratio:.3f} of what was recorded")
        failed |= abs(ratio - 1) > ALLOWED
    if failed:
        print("If that is meant, record them: ninja -C build record-counts, and say why in the commit")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
