#!/usr/bin/env node
// `main.mjs serve PLAYERS` prints where it listens; `main.mjs load PLAYERS IN_BYTES OUT_BYTES PORT` plays against that. Sizes
// are what the state and the inputs make them: a payload of a given length is not its idiom.
await import(process.argv[2] === "load" ? "./load.mjs" : "./serve.mjs");
