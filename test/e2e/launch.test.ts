import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { run, startProcess } from './support/agent.ts';
import { scratch } from './support/agent-image.ts';

// What `npm run build` leaves in dist: a launcher, the bundle, and the code that V8 made of it for `run` and for the rest.

const project = new URL('../..', import.meta.url).pathname;
const dist = join(project, 'dist');
const spy = `const vm = require('node:vm');
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    console.log(options.cachedData === undefined ? 'no code' : this.cachedDataRejected ? 'code refused' : 'code taken');
  }
};
`;

describe('the launcher', () => {
  before(() => promisify(execFile)('npm', ['run', '--silent', '--prefix', project, 'build']), { timeout: 120_000 });

  /** What becomes of the code, and the first line of what the program says. */
  const started = async (
    t: TestContext,
    change: (dir: string) => void,
    words: readonly string[] = ['--version'],
    ...flags: string[]
  ): Promise<string> => {
    const dir = scratch(t, 'launch');
    cpSync(dist, dir, { recursive: true });
    change(dir);
    writeFileSync(join(dir, 'spy.cjs'), spy);
    const all = ['--require', join(dir, 'spy.cjs'), ...flags, join(dir, 'handspegel.cjs'), ...words];
    const [code, said] = (await run(t, [process.execPath, ...all])).split('\n');
    return `${code}\n${said}\n`.replace(/\d+\.\d+\.\d+/, 'VERSION');
  };
  const changeByte = (file: string): void => {
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0x5a, bytes.length >> 1);
    writeFileSync(file, bytes);
  };

  it('starts with the code of the build', async (t) => {
    assert.equal(await started(t, () => {}), 'code taken\nhandspegel VERSION\n');
  });

  it('starts the agent with code of its own, and every other command with that of a render', async (t) => {
    const without = async (name: string): Promise<readonly string[]> => {
      const change = (dir: string): void => rmSync(join(dir, name));
      const outcomes = ['run', 'render', 'plan'].map((command) => started(t, change, [command, '--help']));
      return (await Promise.all(outcomes)).map((outcome) => outcome.replace(/ (?:\[REGISTRY\] )?\[FLAGS\]\n/, ''));
    };
    assert.deepEqual(await without('handspegel.render.code'), [
      'code taken\nUsage: handspegel run',
      'no code\nUsage: handspegel render',
      'no code\nUsage: handspegel plan',
    ]);
    assert.deepEqual(await without('handspegel.run.code'), [
      'no code\nUsage: handspegel run',
      'code taken\nUsage: handspegel render',
      'code taken\nUsage: handspegel plan',
    ]);
  });

  it('starts without code', async (t) => {
    const outcome = await started(t, (dir) => rmSync(join(dir, 'handspegel.render.code')));
    assert.equal(outcome, 'no code\nhandspegel VERSION\n');
  });

  it('never takes the code of another bundle', async (t) => {
    const outcome = await started(t, (dir) => appendFileSync(join(dir, 'handspegel.bundle.cjs'), '\n'));
    assert.equal(outcome, 'no code\nhandspegel VERSION\n');
  });

  it('survives damaged code, and an empty file', async (t) => {
    const damaged = await started(t, (dir) => changeByte(join(dir, 'handspegel.render.code')));
    assert.equal(damaged, 'no code\nhandspegel VERSION\n');
    assert.equal(
      await started(t, (dir) => writeFileSync(join(dir, 'handspegel.render.code'), '')),
      'no code\nhandspegel VERSION\n',
    );
  });

  it('asks mirrors without a word of Node.js in the log', async (t) => {
    const dir = scratch(t, 'launch');
    const places = ['--certs-dir', join(dir, 'certs.d'), '--state-dir', join(dir, 'state'), '--node-ip', '127.0.0.9'];
    const words = [join(dist, 'handspegel.cjs'), 'plan', ...places];
    const { code, output } = await startProcess(t, [process.execPath, ...words]).ended;
    assert.equal(code, 3, output);
    assert.doesNotMatch(output, /Warning/);
  });

  it('starts under the permission model of Node.js, with the code of the build', async (t) => {
    const outcome = await started(t, () => {}, undefined, '--permission', '--allow-fs-read=*');
    assert.equal(outcome, 'code taken\nhandspegel VERSION\n');
  });

  it('starts with other flags than the code was made with', async (t) => {
    const outcome = await started(t, () => {}, undefined, '--optimize-for-size');
    assert.equal(outcome, 'code refused\nhandspegel VERSION\n');
  });
});
