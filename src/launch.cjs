#!/usr/bin/env node
// What `npm run build` leaves as dist/handspegel.cjs: starts the bundle beside it with the code that V8 made of it when
// the same command ran before (docker/warm-up.mjs; docs/adr/0004-code-beside-the-bundle.md).
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

const [command = ''] = process.argv.slice(2);
const filename = `${__dirname}/handspegel.bundle.cjs`;
const bundle = readFileSync(filename);

/** V8 checks its version and flags; other bytes than it wrote would end the process, so their sums are checked here. */
const readCode = (name) => {
  try {
    const file = readFileSync(`${__dirname}/handspegel.${name}.code`);
    const code = file.subarray(8);
    const isWhole = file.length > 8 && file.readUInt32LE(0) === crc32(bundle) && file.readUInt32LE(4) === crc32(code);
    return isWhole ? code : undefined;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

// The bundle is one function in ASCII: read as such it needs no decoding, and V8 keeps no second copy.
const script = new Script(bundle.latin1Slice(), {
  filename,
  cachedData: readCode(command === 'run' ? 'run' : 'render'),
});
script.runInThisContext()(exports, require, module, filename, __dirname);
