// Preloaded by warm-up.mjs: when the program ends, writes what V8 has made of the bundle.
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
// What ran once, at the start, is what the next start needs; V8 would throw it away soon. What was compiled further would
// be compiled again right when the code is read, whether it pays then or not.
const off = ['flush-bytecode', 'sparkplug', 'maglev', 'opt'];
for (const flag of off) v8.setFlagsFromString(`--no-${flag}`);
process.on('exit', () => {
  // The flags are part of what V8 checks: as they are when the launcher reads the code.
  for (const flag of off) v8.setFlagsFromString(`--${flag}`);
  v8.setFlagsFromString('--no-optimize-for-size');
  const code = script.createCachedData();
  const sums = Buffer.alloc(8);
  sums.writeUInt32LE(crc32(readFileSync(bundle)), 0);
  sums.writeUInt32LE(crc32(code), 4);
  writeFileSync(file, Buffer.concat([sums, code]));
});
