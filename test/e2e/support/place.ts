import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { JournalRecord } from '../../../src/core/status.ts';
import { bodyOf, readDirectory } from '../../support/directory.ts';
import { atEnd } from './cleanup.ts';

export type PlaceOptions = {
  readonly nodeIp?: readonly string[];
  readonly controlPlane?: readonly string[];
  /** The YAML document; an empty one asks for the built-in file. */
  readonly config?: string;
  /** How to reach its files from here, e.g. `/proc/1/root` of another mount namespace. */
  readonly root?: string;
  /** Makes a place somewhere else than in the scratch directory. */
  readonly dir?: string;
  readonly stateName?: string;
};

/** Where one node's files lie: the paths that the agent is told, and how the test looks at them. */
export type Place = {
  readonly dir: string;
  readonly etc: string;
  readonly certsDir: string;
  readonly stateDir: string;
  readonly config: string;
  readonly nodeIp: string;
  readonly flags: readonly string[];
  /** The same path as seen by the test. */
  readonly at: (path: string) => string;
  readonly configure: (text: string) => void;
  readonly files: () => Record<string, string>;
  readonly body: (path: string) => string | undefined;
  readonly journal: () => readonly JournalRecord[];
  /** Writes of one path so far. */
  readonly writes: (path: string) => number;
  /** Changes with every writing, also of the same bytes. */
  readonly stamp: (path: string) => string;
};

let count = 0;

/** A loopback address that no other test, and no other run on this machine, uses. */
export const freshAddress = (): string => {
  count += 1;
  return `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}.${count}`;
};

export const scratch = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'hs-e2e-'));
  atEnd(t, () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
};

const parseJournal = (text: string): readonly JournalRecord[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalRecord);

export const createPlace = (t: TestContext, options: PlaceOptions = {}): Place => {
  const dir = options.dir ?? scratch(t);
  const at = (path: string): string => (options.root ?? '') + path;
  const etc = join(dir, 'etc/containerd');
  const certsDir = join(etc, 'certs.d');
  const stateDir = join(dir, 'var', options.stateName ?? 'state');
  const config = join(dir, 'config.yaml');
  const nodeIp = options.nodeIp ?? [freshAddress()];
  mkdirSync(at(etc), { recursive: true });
  mkdirSync(at(join(dir, 'var')), { recursive: true });

  const configure = (text: string): void => {
    writeFileSync(at(`${config}.new`), text);
    renameSync(at(`${config}.new`), at(config));
  };
  configure(options.config ?? '{}\n');
  const files = (): Record<string, string> => readDirectory(at(certsDir));
  const journal = (): readonly JournalRecord[] => {
    try {
      return parseJournal(readFileSync(at(join(stateDir, 'journal.jsonl')), 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  };
  const words = {
    config,
    'certs-dir': certsDir,
    'state-dir': stateDir,
    'node-name': 'e2e',
    runtime: 'containerd',
    'containerd-version': '2.2.9',
    ...(nodeIp.length === 0 ? {} : { 'node-ip': nodeIp.join() }),
    ...(options.controlPlane === undefined ? {} : { 'control-plane': options.controlPlane.join() }),
  };
  const flags = Object.entries(words).flatMap(([name, value]) => [`--${name}`, value]);
  return {
    dir,
    etc,
    certsDir,
    stateDir,
    config,
    nodeIp: nodeIp[0] ?? '',
    flags,
    at,
    configure,
    files,
    body: (path) => bodyOf(files()[path]),
    journal,
    writes: (path) =>
      journal().filter((record) => record.path === path && /^(?:write|put-back):/.test(record.event)).length,
    stamp: (path) => {
      const { ino, mtimeNs, ctimeNs } = statSync(at(join(certsDir, path)), { bigint: true });
      return `${ino} ${mtimeNs} ${ctimeNs}`;
    },
  };
};
