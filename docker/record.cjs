// Preloaded by warm-up.mjs: when the program ends, writes what V8 has made of the bundle so far.
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');
const { crc32 } = require('node:zlib');

const [bundle, file] = process.env.HANDSPEGEL_RECORD.split(' ');
const { Script } = vm;
let script;
vm.Script = class extends Script {
  constructor(...words) {
    super(...words);
    script = this;
  }
};
// What ran once, at the start, is what the next start needs; V8 would throw it away soon.
v8.setFlagsFromString('--no-flush-bytecode');
process.on('exit', () => {
  // The flags are part of what V8 checks.
  v8.setFlagsFromString('--flush-bytecode');
  const code = script.createCachedData();
  const sums = Buffer.alloc(8);
  sums.writeUInt32LE(crc32(readFileSync(bundle)), 0);
  sums.writeUInt32LE(crc32(code), 4);
  writeFileSync(file, Buffer.concat([sums, code]));
});
