import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createSpegel } from '../../support/spegel/spegel.ts';
import { startAgent, startProcess, startReadyAgent } from './agent.ts';
import { createPlace, type Place } from './place.ts';
import { generousMs, until } from './until.ts';

const reader = new URL('parsing-reader.ts', import.meta.url).pathname;

/** Each start finds something to write: two files of one registry, and the built-in one. */
const configOf = (round: number): string => `
handspegel:
  controlPlane:
    addresses: [192.0.2.${1 + (round % 250)}]
extensions:
  great-registry:
    path: templates/root_dir/etc/containerd/certs.d/great-registry.com/hosts.toml
    content: |
      # ${'x'.repeat(20_000)}
      [host.'https://mirror-${round}.internal']
      capabilities = ['pull', 'resolve']
`;

/** What a process that was killed may have left unfinished. */
const leftovers = (place: Place): readonly string[] =>
  [place.etc, place.certsDir, place.stateDir, join(place.stateDir, 'objects')]
    .flatMap((dir) => readdirSync(dir))
    .filter((name) => /^\.|tmp$|damaged/.test(name));

/** Resolves at the first sight of an unfinished change, so that a kill hits the moment of writing. */
const firstWrite = async (etc: string): Promise<void> => {
  for await (const { filename } of watch(etc, { signal: AbortSignal.timeout(generousMs) })) {
    if (filename === '.handspegel') return;
  }
};

/**
 * Row 21: starts the agent again and again and kills it, at a random moment or in the middle of a write, while another
 * process reads its files all the time.
 */
export const playKills = async (t: TestContext, kills: number): Promise<{ readonly reads: number }> => {
  const place = createPlace(t, { config: configOf(0) });
  const first = await startReadyAgent(t, place);
  const paths = ['_default/hosts.toml', 'great-registry.com/hosts.toml'].map((path) => join(place.certsDir, path));
  const reading = startProcess(t, [process.execPath, reader, ...paths]);
  await until('the reader reads', () => reading.output().includes('reading') || undefined);
  await first.stop('SIGKILL');

  for (let round = 1; round <= kills; round++) {
    place.configure(configOf(round));
    const writing = round % 2 === 0 ? undefined : firstWrite(place.etc);
    const agent = startAgent(t, place, { flags: ['--log-level', 'error'] });
    // From its birth to some time after its first pass, or in the middle of it.
    if (writing === undefined) await setTimeout(Math.random() * 1_000);
    else {
      await writing.catch((cause) => {
        throw new Error(`nothing was written in round ${round}: ${agent.output()}`, { cause });
      });
      await setTimeout(Math.random() * 20);
    }
    await agent.stop('SIGKILL');
  }

  const last = await startReadyAgent(t, place);
  await last.until(
    'the last configuration',
    () => place.body('great-registry.com/hosts.toml')?.includes(`-${kills}.`) || undefined,
  );
  assert.deepEqual(leftovers(place), []);
  assert.deepEqual((await last.status()).problems, []);
  await last.stop();
  const { stdout } = await reading.stop();
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { reads: number; bad: readonly string[] };
  assert.deepEqual(report.bad, []);
  assert.ok(report.reads > kills, `${report.reads} reads`);
  return report;
};

/**
 * The same while Spegel starts again and again: killed when the agent has prepared, in the quiet time, what it will
 * write, and has not written it yet, or only in part. The next agent leaves nothing of that.
 */
export const playKillsInWait = async (t: TestContext, kills: number): Promise<void> => {
  const place = createPlace(t, { config: configOf(0) });
  const path = 'great-registry.com/hosts.toml';
  const spegel = createSpegel({ family: 'v0.4', certsDir: place.certsDir, nodeIp: place.nodeIp });
  for (let round = 1; round <= kills; round++) {
    const agent = await startReadyAgent(t, place);
    await agent.until('its file', () => place.body(path));
    const preparing = firstWrite(place.etc);
    await spegel.start();
    await preparing;
    // What is prepared is written 100 ms later: before that, and about then.
    await setTimeout(Math.random() * (round % 2 === 0 ? 10 : 120));
    await agent.stop('SIGKILL');
  }
  const last = await startReadyAgent(t, place);
  assert.deepEqual(leftovers(place), []);
  await last.until('its file', () => place.body(path));
  assert.equal(place.files()['_default/hosts.toml'], spegel.expectedFile('_default'));
  assert.deepEqual(leftovers(place), []);
  await last.stop();
};
