#!/usr/bin/env node
// What `npm run build` leaves as dist/handspegel.cjs: starts the bundle beside it with the code that V8 made of it in a
// run before (docker/warm-up.mjs). Node.js's own compile cache holds no function that was compiled on demand, which are
// nearly all of a start: with this one a node has its first file a quarter sooner (docs/adr/0004-code-beside-the-bundle.md).
'use strict';
const { readFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

// An agent sleeps most of its life: without the optimizing compilers it is as quick in what it does and 11 MiB smaller.
setFlagsFromString('--no-opt');
setFlagsFromString('--no-maglev');

const filename = `${__dirname}/handspegel.bundle.cjs`;
const bundle = readFileSync(filename);

/** V8 checks its version and flags; other bytes than it wrote would end the process, so their sums are checked here. */
const readCode = () => {
  try {
    const file = readFileSync(`${__dirname}/handspegel.code`);
    const code = file.subarray(8);
    const isWhole = file.length > 8 && file.readUInt32LE(0) === crc32(bundle) && file.readUInt32LE(4) === crc32(code);
    return isWhole ? code : undefined;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

// The bundle is ASCII: read as such it needs no decoding.
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${bundle.latin1Slice()}\n})`, {
  filename,
  cachedData: readCode(),
});
script.runInThisContext()(exports, require, module, filename, __dirname);
