import { runCommandLine } from './cli/command-line.ts';
import { createScreen } from './io/screen.ts';
import { isTerminal, writeText } from './io/terminal.ts';
import { agentVersion } from './version.ts';

/** Made when somebody asks for it: a command that is done at once does without. */
const controller = (): (() => AbortController) => {
  let made: AbortController | undefined;
  return () => {
    made ??= new AbortController();
    return made;
  };
};
const stop = controller();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop().abort());

const closed = controller();
// `handspegel history | head` closes the pipe early: nothing is wrong.
const print = (text: string): void => {
  if (!writeText(1, text)) closed().abort();
};

const end = runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  terminal: {
    out: print,
    error: (text) => void writeText(2, text),
    get closed() {
      return closed().signal;
    },
    // Asked for by `status --watch` alone: opening the input costs an agent that boots milliseconds.
    get screen() {
      return isTerminal(0) && isTerminal(1) ? createScreen(process.stdin, process.stdout) : undefined;
    },
    colour: isTerminal(1) && !process.env['NO_COLOR'],
  },
  get signal() {
    return stop().signal;
  },
  version: agentVersion,
});
void end.then((code) => process.exit(code));
