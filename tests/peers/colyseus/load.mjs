// Colyseus's own clients, who decode every patch. A fiftieth of them sends in each millisecond.
import { Client } from "@colyseus/sdk";
import { Tally, TICK_MS, answerQuestions, everySlot } from "./tally.mjs";

const SLOT_MS = 1;
const PARTY = 4;
// Parties that arrive at a time.
const DOORS = 4;

const [players, , , port] = process.argv.slice(3).map(Number);
const client = new Client(`ws://127.0.0.1:${port}`);
console.log(port);

let tally = new Tally();
const seats = [];
answerQuestions(() => [tally, (tally = new Tally())][0], () => seats.filter((seat) => seat.next !== undefined).length);

let slot = 0;
let tick = 0;
everySlot(SLOT_MS, (due) => {
  tally.late.push(performance.now() - due);
  tick += slot === 0 ? 1 : 0;
  for (let index = slot; index < seats.length; index += TICK_MS / SLOT_MS) {
    seats[index].room.send("input", { tick, x: 1 - (index % 3), y: 1 - (tick % 3) });
  }
  slot = (slot + 1) % (TICK_MS / SLOT_MS);
});

function sit(room) {
  const seat = { room, next: undefined };
  room.onStateChange((state) => {
    // The first is the whole state, at no tick of its own.
    if (state.tick !== seat.next - 1) seat.next = tally.takeIn(seat.next, state.tick);
  });
  // A client that has lost its connection ends the measurement.
  room.onLeave(() => process.exit(1));
  seats.push(seat);
}

let left = players / PARTY;

async function arrive() {
  while (left > 0) {
    left -= 1;
    const first = await client.create("arena");
    sit(first);
    const others = Array.from({ length: PARTY - 1 }, () => client.joinById(first.roomId));
    (await Promise.all(others)).forEach(sit);
  }
}

await Promise.all(Array.from({ length: DOORS }, arrive));
