// What a process counts between two questions, and its clock; as in src/tally.rs and src/pace.rs.
import { createInterface } from "node:readline";

export const TICK_MS = 50;

export class Tally {
  arrived = 0;
  missing = 0;
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
    const { arrived, missing, late, done } = take();
    const tally = { players: players(), arrived, missing: Math.max(missing, 0), skipped: 0, late_us: p99(late), done_us: p99(done) };
    console.log(JSON.stringify(tally));
  });
  lines.on("close", () => process.exit(0));
}

// Calls `work` with the time at which each slot was to begin, on absolute time. A few slots are made up for; a whole tick
// behind, it goes on from here, and everything else has its turn.
export function everySlot(slotMs, work) {
  let due = performance.now();
  const turn = () => {
    const began = performance.now();
    while (due <= began) {
      work(due);
      due += slotMs;
    }
    if (performance.now() - due > TICK_MS) due = performance.now();
    setTimeout(turn, Math.max(0, due - performance.now()));
  };
  turn();
}
