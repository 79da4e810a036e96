import { runCommandLine } from './cli/command-line.ts';
import { createScreen } from './io/screen.ts';
import { agentVersion } from './version.ts';

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

const closed = new AbortController();
// `handspegel history | head` closes the pipe early: nothing is wrong.
process.stdout.on('error', (problem: NodeJS.ErrnoException) => {
  if (problem.code !== 'EPIPE') throw problem;
  closed.abort();
});

const end = runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  terminal: {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    closed: closed.signal,
    // Asked for by `status --watch` alone: opening the input costs an agent that boots milliseconds.
    get screen() {
      return process.stdin.isTTY && process.stdout.isTTY ? createScreen(process.stdin, process.stdout) : undefined;
    },
    colour: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  },
  signal: stop.signal,
  version: agentVersion,
});
void end.then((code) => {
  process.exitCode = code;
});
