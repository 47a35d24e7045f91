// Colyseus as a server: rooms of four whose state is a schema, four players and sixteen enemies that move; every client is sent
// the patch of its room at 20 Hz. So it encodes, which the other peers are spared, and travels over TCP, unencrypted.
//
// Choices: its default transport (the faster one is not to be had from the registry); 16-bit coordinates, the smallest type that
// holds them; one loop on absolute time patches the rooms, spread over the tick as they are by the times at which they were
// made; timers of each room's own would drift.
import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { schema, t } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { Tally, TICK_MS, answerQuestions, everySlot } from "./tally.mjs";

const PARTY = 4;
const ENEMIES = 16;
const SPEED = 200;
const SLOT_MS = 2;

const Body = schema({ x: t.uint16(), y: t.uint16() }, "Body");
const State = schema({ tick: t.uint32(), players: t.map(Body), enemies: t.array(Body) }, "State");

let tally = new Tally();
let made = 0;
const slots = Array.from({ length: TICK_MS / SLOT_MS }, () => new Set());

class Arena extends Room {
  maxClients = PARTY;
  patchRate = null;
  state = new State().assign({ tick: 0 });

  onCreate() {
    for (let number = 0; number < ENEMIES; number += 1) {
      this.state.enemies.push(new Body().assign({ x: 8000 + 2000 * number, y: 8000 }));
    }
    this.onMessage("input", (client, input) => {
      client.userData = tally.takeIn(client.userData, input.tick);
      const body = this.state.players.get(client.sessionId);
      body.x = (body.x + input.x * SPEED) & 0xffff;
      body.y = (body.y + input.y * SPEED) & 0xffff;
    });
    this.slot = slots[made % slots.length];
    this.slot.add(this);
    made += 1;
  }

  onJoin(client) {
    this.state.players.set(client.sessionId, new Body().assign({ x: 20000, y: 20000 }));
  }

  onLeave(client) {
    this.state.players.delete(client.sessionId);
  }

  onDispose() {
    this.slot.delete(this);
  }

  step() {
    this.state.tick += 1;
    for (const enemy of this.state.enemies) {
      enemy.x = (enemy.x + SPEED) & 0xffff;
      enemy.y = (enemy.y + SPEED) & 0xffff;
    }
    this.broadcastPatch();
  }
}

const http = createServer();
const server = new Server({ greet: false, gracefullyShutdown: false, transport: new WebSocketTransport({ server: http }) });
server.define("arena", Arena);
await server.listen(0, "127.0.0.1");
console.log(http.address().port);

const players = () => slots.flatMap((slot) => [...slot]).reduce((sum, room) => sum + room.clients.length, 0);
answerQuestions(() => [tally, (tally = new Tally())][0], players);
let slot = 0;
everySlot(SLOT_MS, (due) => {
  tally.late.push(performance.now() - due);
  slots[slot].forEach((room) => room.step());
  slot = (slot + 1) % slots.length;
  tally.done.push(performance.now() - due);
});
