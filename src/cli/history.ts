import { formatProblem } from '../core/problem.ts';
import { redactText } from '../core/redact.ts';
import { findVersion } from '../core/restore.ts';
import { type Command, exitCodes } from './command.ts';
import { openNode } from './open-node.ts';
import { jsonFlag, nodeFlags } from './options.ts';
import { json, printable, table } from './printer.ts';

/** `history`: the last 20 versions of each file, by whoever wrote them. */
export const historyCommand: Command = {
  name: 'history',
  arguments: '[PATH [VERSION]]',
  positionals: 2,
  summary: 'list the last 20 versions of each file, or print one',
  details:
    'PATH is relative to certs.d, e.g. _default/hosts.toml. VERSION is a number of the list or the beginning of a hash.',
  example: 'handspegel history _default/hosts.toml 3',
  flags: [...nodeFlags, jsonFlag],
  run: async ({ values, terminal }) => {
    const node = await openNode(values);
    const { history } = node.ledger();
    const unread = node.stateProblems().filter(({ code }) => code === 'state-unreadable');
    for (const problem of unread) terminal.error(`${printable(formatProblem(problem))}\n`);
    if (unread.length > 0) return exitCodes.failed;
    const [path, word] = values.positionals;
    const iso = (ms: number): string => new Date(ms).toISOString();
    if (path === undefined) {
      const latest = Object.entries(history).map(([name, versions]) => ({
        path: name,
        versions: versions.length,
        last: versions.at(-1),
      }));
      if (values.on('json')) terminal.out(json(latest));
      else if (latest.length === 0) terminal.out('nothing is remembered yet\n');
      else {
        const rows = latest.map(({ path: name, versions, last }) => [
          name,
          String(versions),
          last === undefined ? '' : iso(last.at),
          last?.writer ?? '',
        ]);
        terminal.out(table([['FILE', 'VERSIONS', 'LAST', 'WRITER'], ...rows]));
      }
      return exitCodes.done;
    }
    const versions = history[path];
    if (versions === undefined) {
      terminal.error(`handspegel: nothing is remembered of ${path}\n`);
      return exitCodes.failed;
    }
    if (word === undefined) {
      const shown = versions.map((version, index) => ({
        version: index + 1,
        at: iso(version.at),
        writer: version.writer,
        reason: version.reason,
        sha256: version.sha256,
      }));
      const rows = shown.map((one) => [String(one.version), one.at, one.writer, one.reason, one.sha256.slice(0, 12)]);
      terminal.out(values.on('json') ? json(shown) : table([['VERSION', 'AT', 'WRITER', 'REASON', 'SHA256'], ...rows]));
      return exitCodes.done;
    }
    const version = findVersion(versions, word);
    const bytes = version === undefined ? undefined : node.object(version.sha256);
    if (bytes === undefined) {
      terminal.error(`handspegel: there is no version ${word} of ${path}\n`);
      return exitCodes.failed;
    }
    terminal.out(printable(redactText(new TextDecoder().decode(bytes), node.secrets())));
    return exitCodes.done;
  },
};
