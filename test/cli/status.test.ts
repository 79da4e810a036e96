import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Terminal } from '../../src/cli/command.ts';
import { readOptions } from '../../src/cli/options.ts';
import { printStatus } from '../../src/cli/print-status.ts';
import { statusCommand } from '../../src/cli/status.ts';
import { cutLine, frame, watch, wrapLine } from '../../src/cli/watch.ts';
import type { Status } from '../../src/core/status.ts';
import { serveAgentSocket } from '../../src/io/agent-socket.ts';
import { apiLost, bootstrap, conflict, orphaned, well, withdrawn } from '../http/support/statuses.ts';
import { createScratch, handspegel } from '../support/command-line.ts';
import { compareGolden } from '../support/golden.ts';

const golden = join(import.meta.dirname, 'golden');
const silent: Terminal = { out: () => undefined, error: () => undefined, colour: false };

const compare = (name: string, text: string): void => compareGolden(join(golden, name), text);

/** An agent's socket that answers with this status. */
const serveStatus = async (t: TestContext, stateDir: string, status: () => Status): Promise<void> => {
  const stop = new AbortController();
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const ended = serveAgentSocket({
    path: join(stateDir, 'agent.sock'),
    handle: async () => ({ ok: true, message: '', data: status() }),
    signal: stop.signal,
  });
  t.after(async () => {
    stop.abort();
    await ended;
  });
  for (;;) {
    const { code } = await handspegel(['status', '--json', '--state-dir', stateDir]);
    if (code === 0) return;
  }
};

/** What `status --watch` prints without a terminal until it is enough. */
const follow = async (flags: readonly string[], isEnough: (text: string) => boolean): Promise<string> => {
  const stop = new AbortController();
  let seen = '';
  const out = (text: string): void => {
    seen += text;
    if (isEnough(text)) stop.abort();
  };
  const values = readOptions(['--watch', ...flags], statusCommand.flags, {});
  const code = await statusCommand.run({ values, terminal: { ...silent, out }, signal: stop.signal, env: {} });
  assert.equal(code, 0);
  return seen;
};

describe('status', () => {
  for (const [name, status] of Object.entries({ well, bootstrap, withdrawn, conflict, orphaned, apiLost })) {
    it(`of a node that is ${name} begins with the one sentence that counts`, () => {
      compare(`status-${name}.txt`, printStatus(silent, status));
    });
  }

  it('shows nothing of what others wrote that moves a cursor or begins a line', () => {
    const text = printStatus(silent, {
      ...well,
      journal: [{ at: well.at, event: 'phase', detail: 'a\u001b[2J\u009bb\n✓ This node is well' }],
    });
    assert.doesNotMatch(text, /[\u001b\u009b]/);
    assert.match(text, /phase +a\\x1b\[2J\\x9bb ✓ This node is well/);
  });
});

describe('status --watch', () => {
  it('draws in place on a terminal until q, and gives the terminal back', async () => {
    const drawn: string[] = [];
    let press: (key: string) => void = () => undefined;
    let closed = 0;
    let looks = 0;
    const terminal: Terminal = {
      out: (text) => void drawn.push(text),
      error: () => undefined,
      colour: false,
      screen: {
        size: () => ({ columns: 20, rows: 3 }),
        open: ({ key }) => {
          press = key;
          return () => {
            closed += 1;
          };
        },
      },
    };
    await watch(
      {
        terminal,
        pauseMs: 1,
        look: async () => {
          looks += 1;
          if (looks === 3) press('x');
          if (looks === 4) press('q');
          return `look ${looks}\nsecond\nthird\nfourth\n`;
        },
      },
      new AbortController().signal,
    );
    assert.equal(drawn[0], '\u001b[Hlook 1\u001b[K\r\nsecond\u001b[K\r\n… 2 more lines\u001b[K\u001b[J');
    assert.equal(drawn.length, 3);
    assert.equal(closed, 1);
  });

  it('ends on ctrl-c too, and when nobody reads any more', async () => {
    for (const how of ['\u0003', 'closed', 'signal']) {
      const closed = new AbortController();
      const stop = new AbortController();
      let press: (key: string) => void = () => undefined;
      const terminal: Terminal = {
        out: () => undefined,
        error: () => undefined,
        colour: false,
        closed: closed.signal,
        screen: {
          size: () => ({ columns: 80, rows: 24 }),
          open: ({ key }) => {
            press = key;
            return () => undefined;
          },
        },
      };
      const look = async (): Promise<string> => {
        if (how === 'closed') closed.abort();
        else if (how === 'signal') stop.abort();
        else press(how);
        return '';
      };
      await watch({ terminal, look, pauseMs: 60_000 }, stop.signal);
    }
  });

  it('prints block after block where no terminal is, follows the agent and says when it goes', async (t) => {
    const node = createScratch();
    t.after(node.remove);
    let status: Status = well;
    await serveStatus(t, node.stateDir, () => status);
    const seen = await follow(['--state-dir', node.stateDir], (text) => {
      if (text.includes('This node is well')) status = withdrawn;
      return text.includes('Watch: Pulls work');
    });
    assert.match(seen, /^--- worker-17, 2026-11-23 03:04:05 UTC\n✓ This node is well: /);
    assert.match(seen, /\n\n--- worker-17, .*\n! Watch: Pulls work: 2 mirrors/);
  });

  it('says that no agent runs, with --json on a line', async (t) => {
    const node = createScratch();
    t.after(node.remove);
    const seen = await follow(['--json', ...node.flags], () => true);
    assert.deepEqual(JSON.parse(seen), { agent: 'no agent runs on this node' });
  });
});

describe('a screen', () => {
  it('is cut to the width of the terminal, colours not counted', () => {
    assert.equal(cutLine('\u001b[31mabcdef\u001b[0m', 4), '\u001b[31mabc…\u001b[0m');
    assert.equal(cutLine('\u001b[31mabcd\u001b[0m', 4), '\u001b[31mabcd\u001b[0m');
    assert.equal(cutLine('▅▅▅▅▅', 4), '▅▅▅…\u001b[0m');
  });

  it('wraps the sentences at its head between words', () => {
    assert.deepEqual(wrapLine('\u001b[1mone two three\u001b[0m', 7), ['\u001b[1mone two', 'three\u001b[0m']);
    assert.match(frame('one two three\n', { columns: 7, rows: 9 }), /one two\u001b\[K\r\nthree/);
  });

  it('shows all lines where there is room', () => {
    assert.equal(frame('a\nb\n', { columns: 9, rows: 2 }), '\u001b[Ha\u001b[K\r\nb\u001b[K\u001b[J');
  });
});
