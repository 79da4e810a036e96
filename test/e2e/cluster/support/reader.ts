import { setTimeout } from 'node:timers/promises';
import { describeDirectory } from '../../../support/directory.ts';

// A process of its own: looks at a directory every 10 ms, as pulls of containerd would, and prints what stands there, each
// time that it is something else.

const [directory = '.'] = process.argv.slice(2);

/** Entries that go while they are read: looked at again. */
const look = (): Readonly<Record<string, string>> | undefined => {
  try {
    return describeDirectory(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

let last: string | undefined;
for (;;) {
  const files = look();
  const text = JSON.stringify(files);
  if (files !== undefined && text !== last) process.stdout.write(`${JSON.stringify({ at: Date.now(), files })}\n`);
  last = files === undefined ? last : text;
  await setTimeout(10);
}
