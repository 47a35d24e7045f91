// What a process counts between two questions, and its clock; as in src/tally.rs and src/pace.rs.
import { createInterface } from "node:readline";

export const TICK_MS = 50;

export class Tally {
  arrived = 0;
  missing = 0;
  skipped = 0;
  late = [];
  done = [];

  // Takes in a message of this number; returns the number that is expected next.
  takeIn(expected, number) {
    this.arrived += 1;
    this.missing += number - (expected ?? number);
    return number + 1;
  }
}

const p99 = (times) => Math.round(1000 * (times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0));

// Answers every line of the input, and ends the process with it.
export function answerQuestions(take, players) {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    const { arrived, missing, skipped, late, done } = take();
    const tally = { players: players(), arrived, missing: Math.max(missing, 0), skipped, late_us: p99(late), done_us: p99(done) };
    console.log(JSON.stringify(tally));
  });
  lines.on("close", () => process.exit(0));
}

// Calls `work` with the time at which each slot was to begin, on absolute time. Slots that are wholly over are given up if
// `skip` is told how many, and made up for if not.
export function everySlot(slotMs, work, skip) {
  let due = performance.now();
  const turn = () => {
    do {
      work(due);
      due += slotMs;
      const behind = Math.floor((performance.now() - due) / slotMs);
      if (skip && behind > 0) {
        skip(behind);
        due += behind * slotMs;
      }
    } while (due <= performance.now());
    setTimeout(turn, due - performance.now());
  };
  turn();
}
