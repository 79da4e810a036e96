import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { handspegel } from '../support/command-line.ts';
import { compareGolden } from '../support/golden.ts';

const golden = join(import.meta.dirname, 'golden');

const compare = (name: string, text: string): void => compareGolden(join(golden, name), text);

describe('help', () => {
  it('of the program lists every command', async () => {
    const { code, out } = await handspegel(['--help']);
    assert.equal(code, 0);
    compare('help.txt', out);
    for (const { name } of commands) assert.match(out, new RegExp(`^ {2}${name} `, 'm'));
  });
  for (const { name } of commands) {
    it(`of ${name} has an example and every flag`, async () => {
      const { code, out } = await handspegel([...name.split(' '), '--help']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`Example:\n  handspegel ${name}`));
      compare(`help-${name.replace(' ', '-')}.txt`, out);
    });
  }
  it('of a word with commands below it lists those', async () => {
    const { code, out } = await handspegel(['spegel', '--help']);
    assert.equal(code, 0);
    compare('help-spegel.txt', out);
    assert.deepEqual((await handspegel(['help', 'spegel'])).out, out);
    const alone = await handspegel(['spegel']);
    assert.deepEqual([alone.code, alone.out, alone.error], [2, '', out]);
  });
  it('is what a wrong word points to, with exit code 2', async () => {
    for (const args of [
      [],
      ['nope'],
      ['plan', '--nope'],
      ['plan', 'word'],
      ['restore'],
      ['spegel', 'nope'],
      ['spegel', 'plan', 'word'],
      ['spegel', 'manifest'],
      ['spegel', 'manifest', '--for', 'make'],
      ['spegel', 'values', '--chart-version', '^0.7'],
      ['spegel', 'values', '--release', '--kubeconfig'],
      ['spegel', 'values', '--runtime', '=cri-o'],
      ['spegel', 'values', '--runtime', 'containerd,cri-o'],
      ['run', '--listen', 'x:y'],
      ['run', '--log-level', 'loud'],
    ]) {
      const { code, error, out } = await handspegel(args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.notEqual(error, '');
    }
  });
});
