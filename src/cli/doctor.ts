import { imageSettings } from '../core/containerd/containerd-config-images.ts';
import { versionNumber } from '../core/containerd/containerd-version.ts';
import { diagnose } from '../core/doctor/diagnose.ts';
import type { DoctorFacts } from '../core/doctor/doctor-facts.ts';
import type { Finding } from '../core/doctor/finding.ts';
import { redactProblem } from '../core/redact.ts';
import { shownUrl } from '../core/shown-url.ts';
import { type Command, exitCodes, type Terminal } from './command.ts';
import { lookAtNode } from './doctor-look.ts';
import { nodePath } from './flag-values.ts';
import { type Flag, jsonFlag, nodeFlags, onNode } from './options.ts';
import { type Colour, json, paint, plural, printable, table } from './printer.ts';

const own: readonly Flag[] = [
  {
    name: 'root',
    kind: 'text',
    placeholder: 'DIR',
    help: "where the node's file system is mounted (default /); other paths are the node's own",
  },
  {
    name: 'containerd-config',
    kind: 'text',
    placeholder: 'FILE',
    help: "containerd's configuration (default: where this distribution has it)",
    value: nodePath,
  },
  {
    name: 'socket',
    kind: 'text',
    placeholder: 'PATH',
    help: "ask containerd's socket for its version; without it no socket is opened",
    value: nodePath,
  },
  {
    name: 'image',
    kind: 'text',
    placeholder: 'IMAGE',
    help: 'read this image through each mirror of its registry, every blob to its end: a pull hangs, and all seems well',
  },
  { name: 'offline', kind: 'switch', help: 'ask no mirror' },
];

const flags = [
  ...onNode(
    nodeFlags.filter(({ name }) =>
      ['config', 'certs-dir', 'state-dir', 'runtime', 'containerd-version'].includes(name),
    ),
  ),
  ...own,
  jsonFlag,
];

/** What was looked at, for people and programs. */
const summary = (facts: DoctorFacts) => {
  const { daemon, config, version, certsDir, distribution, mirrors } = facts;
  const settings = imageSettings(config, version);
  return {
    distribution: distribution.name,
    containerd: daemon.version === undefined ? undefined : versionNumber(daemon.version.version),
    versionFrom: daemon.version?.source,
    runningSince: daemon.socket === undefined ? undefined : facts.time(daemon.socket.since),
    configuration: config.files.length === 0 ? [] : config.files.map(({ path }) => path),
    configPath: settings.effectivePath,
    pulls: settings.transferService ? 'transfer service' : 'local',
    certsDir: certsDir.path,
    certsDirFrom: certsDir.source,
    mirrors: mirrors.map(({ url, files, kind, detail, latencyMs, reading }) => ({
      url: shownUrl(url),
      files,
      verdict: kind,
      detail,
      latencyMs,
      ...(reading === undefined ? {} : { reading }),
    })),
  };
};

const colours: Readonly<Record<Finding['severity'], Colour>> = { error: 'red', warning: 'yellow', info: 'cyan' };

const indented = (text: string): string => text.trimEnd().replaceAll('\n', '\n        ');

const printFinding = (terminal: Terminal, finding: Finding): string => {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const head = `${paint(terminal, colours[finding.severity], finding.severity)} ${finding.code}${place === '' ? '' : `  ${place}`}`;
  return `${head}\n  what  ${indented(finding.message)}\n  why   ${indented(finding.why)}\n  do    ${indented(finding.hint)}\n`;
};

const printSummary = (facts: DoctorFacts): string => {
  const said = summary(facts);
  const up = said.mirrors.filter(({ verdict }) => verdict === 'up').length;
  return table([
    ['distribution', said.distribution],
    ['containerd', said.containerd === undefined ? 'version unknown' : `${said.containerd} (${said.versionFrom})`],
    ['running since', said.runningSince ?? 'unknown'],
    ['its configuration', said.configuration.join(', ') || 'none'],
    ['config_path', `${said.configPath || 'not set'}, pulls: ${said.pulls}`],
    ['certs.d', `${said.certsDir} (${said.certsDirFrom})`],
    ...said.mirrors.flatMap(({ url, reading }) =>
      reading === undefined ? [] : [['image', `${shownUrl(url)}: ${reading.kind}, ${reading.detail}`]],
    ),
    ['mirrors', said.mirrors.length === 0 ? 'none asked' : `${up} of ${said.mirrors.length} answer`],
  ]);
};

const count = (findings: readonly Finding[], severity: Finding['severity']): number =>
  findings.filter((finding) => finding.severity === severity).length;

/** `doctor`: why is my mirror not used? */
export const doctorCommand: Command = {
  name: 'doctor',
  arguments: '',
  positionals: 0,
  summary: 'tell why a mirror is not used, and what mends it',
  details:
    "Reads containerd's configuration with its imports, its version and start time, certs.d, and asks each mirror once.\nChanges nothing. Exit code 0 when all is well, 1 with any error or warning.",
  example: 'handspegel doctor --root /host',
  flags,
  run: async ({ values, terminal, signal }) => {
    const facts = await lookAtNode(values, signal);
    const findings = diagnose(facts).map((finding) => redactProblem(finding));
    const wrong = count(findings, 'error') + count(findings, 'warning');
    if (values.on('json')) {
      terminal.out(json({ well: wrong === 0, ...summary(facts), findings }));
    } else {
      terminal.out(printable(printSummary(facts)));
      for (const finding of findings)
        terminal.out(`\n${printFinding(terminal, { ...finding, message: printable(finding.message) })}`);
      const counts = `${plural(count(findings, 'error'), 'error')}, ${plural(count(findings, 'warning'), 'warning')}`;
      terminal.out(`\n${wrong === 0 ? 'all is well' : counts}\n`);
    }
    return wrong === 0 ? exitCodes.done : exitCodes.failed;
  },
};
