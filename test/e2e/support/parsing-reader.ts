import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from '@iarna/toml';

// A process of its own: reads the files named on its command line all the time, as containerd would for each pull, and
// says on SIGTERM what it saw. A file counts from its first sight on.

const seen = new Set<string>();
const bad: string[] = [];
let reads = 0;
let said = false;

/** The marker holds the hash of what follows it: a torn file does not fit. */
const fits = (text: string): boolean => {
  const end = text.indexOf('\n');
  const sha256 = / sha256=([0-9a-f]{64})/.exec(text.slice(0, end))?.[1];
  return sha256 === hash('sha256', text.slice(end + 1), 'hex');
};

const wrong = (path: string): string | undefined => {
  try {
    const text = readFileSync(path, 'utf8');
    seen.add(path);
    if (text === '') return 'empty';
    parse(text);
    return fits(text) ? undefined : `torn: ${text}`;
  } catch (error) {
    if (!seen.has(path)) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
};

const look = (): void => {
  for (const path of process.argv.slice(2)) {
    reads += 1;
    const what = wrong(path);
    if (what !== undefined && bad.length < 10) bad.push(`${path}: ${what}`);
  }
  if (!said && seen.size === process.argv.length - 2) {
    said = true;
    process.stdout.write('reading\n');
  }
  setTimeout(look, 1);
};

process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ reads, bad })}\n`, () => process.exit(0));
});
look();
