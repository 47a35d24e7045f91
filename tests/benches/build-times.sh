#!/usr/bin/env bash
# Measures how long the project takes to build, in temporary target directories: from nothing, and after touching one file.
# Prints a row per figure with its goal, and a line of JSON after the word `figure`, as the bench `speed` does. One build at
# a time; on two cores all of it takes about a quarter of an hour. What is downloaded beforehand is not measured.
set -euo pipefail
cd "$(dirname "$0")/../.."

clean_s_max=900
scratch=$(mktemp -d "${TMPDIR:-/tmp}/guildhall-build-times.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export CARGO_TERM_COLOR=never

# measure NAME GOAL_S COMMAND...: a goal of - is none. The command's output is shown if it fails. Beside the time that passed
# stands the processor time, which other work on the machine hardly changes.
measure() {
    local name=$1 goal=$2 TIMEFORMAT='%R %U %S' seconds user system processor_s verdict="no goal" goal_json=null
    shift 2
    if ! { time "$@" >"$scratch/output" 2>&1; } 2>"$scratch/time"; then
        tail -n 40 "$scratch/output" >&2
        echo "build-times: $name failed: $*" >&2
        exit 1
    fi
    read -r seconds user system <"$scratch/time"
    processor_s=$(awk "BEGIN { printf \"%.1f\", $user + $system }")
    if [ "$goal" != - ]; then
        goal_json=$goal
        verdict=$(awk "BEGIN { print ($seconds <= $goal) ? \"met\" : \"MISSED\" }")
    fi
    printf '%-52s %8.1f s   CPU %7s s   goal %5s   %s\n' "$name" "$seconds" "$processor_s" "$goal" "$verdict"
    printf 'figure {"name":"%s","value":%s,"unit":"s","processor_s":%s,"goal_max":%s,"verdict":"%s"}\n' \
        "$name" "$seconds" "$processor_s" "$goal_json" "$verdict"
}

cargo fetch --quiet --locked

export CARGO_TARGET_DIR=$scratch/release
measure "clean release build of the workspace" $clean_s_max cargo build --release --workspace --locked
touch functions/src/characters/get_character.rs
measure "release build after touching a route, all binaries" - cargo build --release --workspace --locked
rm -rf "$CARGO_TARGET_DIR"

export CARGO_TARGET_DIR=$scratch/test
measure "clean make test" $clean_s_max make test
touch functions/src/characters/get_character.rs
measure "build after touching a route, one binary" - cargo build -p guildhall-functions --bin get-character --locked
measure "build of all tests after touching a route" - cargo test --workspace --no-run --locked
touch gamesim/src/room.rs
measure "build of the stack after touching the game sim" - cargo build -p guildhall-local --locked
measure "build of all tests after touching the game sim" - cargo test --workspace --no-run --locked
