import type { Config } from './config/config.ts';
import { parseConfig } from './config/config.ts';
import type { Extension } from './config/config-extensions.ts';
import { joinPath } from './config/config-problems.ts';
import { render } from './config/render.ts';
import { placeInText } from './config/yaml-positions.ts';
import { parseContainerdVersion } from './containerd/containerd-version.ts';
import type { CertificateReader } from './containerd/hosts-certificates.ts';
import { lintHostsFile } from './containerd/lint-hosts.ts';
import type { DesiredUnit } from './desired.ts';
import type { Facts } from './facts.ts';
import { forPeople } from './judged.ts';
import { type FoundConfig, type Place, scanYaml } from './lint-yaml.ts';
import type { Problem } from './problem.ts';
import type { Tools } from './tools.ts';

export type LintConfigOptions = {
  readonly facts: Facts;
  readonly tools: Pick<Tools, 'judge'>;
  readonly certificates: CertificateReader;
};

const text = new TextDecoder();

const secretNames = [
  /\.secrets\.([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)/g,
  /index\s+\$?\.secrets\s+"([^"]+)"\s+"([^"]+)"/g,
  /\(\s*index\s+\$?\.secrets\s+"([^"]+)"\s*\)\s*\.?\s*"?([A-Za-z0-9_]+)/g,
];

/** Secrets are not in a checkout: those that templates name get a stand-in, so that the rest can be judged. */
const withStandIns = (config: Config, facts: Facts): Facts => {
  const secrets: Record<string, Record<string, string>> = {};
  const add = (name: string, key: string): void => {
    secrets[name] = { ...secrets[name], [key]: 'example' };
  };
  for (const { content } of config.extensions) {
    for (const pattern of secretNames) {
      for (const [, name = '', key = ''] of content.matchAll(pattern)) add(name, key);
    }
  }
  const basic = config.chart.basicAuthSecretName;
  if (basic !== '') for (const key of ['username', 'password']) add(basic, key);
  return { ...facts, secrets: { ...secrets, ...facts.secrets } };
};

const escaped = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The literal text of one line between its actions; an action may begin or end on another line. */
const literals = (line: string): readonly string[] => {
  const [open, close] = [line.indexOf('{{'), line.indexOf('}}')];
  const endsOne = close >= 0 && (open < 0 || close < open);
  const parts = (endsOne ? line.slice(close + 2) : line).split(/\{\{.*?\}\}|\{\{.*$/);
  return endsOne ? ['', ...parts] : parts;
};

/** Could this line of a template have made that line of a file? */
const couldMake = (line: string, made: string): boolean => {
  const parts = literals(line);
  return parts.some((part) => part.trim() !== '') && new RegExp(`^${parts.map(escaped).join('.*')}$`).test(made);
};

/** The line of a template that a line of its output came from, as far as the text tells. */
const templateLine = (content: string, made: string, line: number): number | undefined => {
  const template = content.split('\n');
  if (!content.includes('{{')) return line;
  const wanted = made.split('\n')[line - 1] ?? '';
  const exact = template.indexOf(wanted);
  if (wanted.trim() === '') return undefined;
  if (exact >= 0) return exact + 1;
  const close = template.findIndex((candidate) => couldMake(candidate, wanted));
  return close < 0 ? undefined : close + 1;
};

const placeOf = (extension: Extension, made: string, problem: Problem): Place => {
  const { source, content } = extension;
  const line = problem.line === undefined ? undefined : templateLine(content, made, problem.line);
  if (line === undefined) return { line: extension.line };
  const same = content.split('\n')[line - 1] === made.split('\n')[(problem.line ?? 1) - 1];
  return placeInText(source, line, same ? problem.column : 1);
};

const extensionOf = (config: Config, unit: DesiredUnit): Extension | undefined =>
  config.extensions.findLast(({ registry, name }) => registry === unit.registry && name === 'hosts.toml');

/** What containerd makes of the output of each extension, at the line of the template. */
const outputProblems = (config: Config, unit: DesiredUnit, options: LintConfigOptions): readonly Problem[] => {
  const extension = extensionOf(config, unit);
  const file = unit.files.find(({ name, source }) => name === 'hosts.toml' && source !== 'built-in');
  if (extension === undefined || file === undefined) return [];
  const version = parseContainerdVersion(options.facts.containerdVersion ?? '');
  const others = unit.files.filter((other) => other !== file);
  const filesBeside = new Map(others.map(({ name, bytes }) => [name, bytes]));
  const made = text.decode(file.bytes);
  const judged = lintHostsFile(file.bytes, { version, filesBeside, certificates: options.certificates });
  const missing = new Set(unit.beside === undefined ? [] : ['hosts-certificate-missing']);
  return forPeople(judged, version).map((found) => {
    const problem = missing.has(found.code) ? { ...found, severity: 'warning' as const, ...mayStandThere } : found;
    const { line, column: _column, ...rest } = problem;
    const where = line === undefined ? '' : ` line ${line}`;
    const message = `${unit.registry}/hosts.toml${where}: ${problem.message}`;
    const path = joinPath(joinPath('extensions', extension.key), 'content');
    return { ...rest, message, file: config.file, path, ...placeOf(extension, made, problem) };
  });
};

const mayStandThere = {
  hint: 'Add an extension for it, or see to it that it stands on each node: there it is looked at again.',
};

const isAboutOutput = (code: string): boolean => code.startsWith('hosts-');

const lintFound = (found: FoundConfig, file: string, options: LintConfigOptions): readonly Problem[] => {
  const { config, problems } = parseConfig(found.text, file);
  const all: Problem[] = [...problems];
  if (config !== undefined) {
    const facts = withStandIns(config, options.facts);
    const desired = render(config, facts, options.tools);
    all.push(...desired.problems);
    for (const unit of desired.units.values()) {
      // Rendering judges in short, at the extension's key; here each remark gets its own place.
      const output = outputProblems(config, unit, { ...options, facts });
      const isTold = output.some(({ severity }) => severity === 'error');
      all.push(
        ...unit.problems.filter(({ code }) => !isAboutOutput(code) && !(isTold && code.startsWith('rendered-'))),
        ...output,
      );
    }
  }
  return all.map((problem) => {
    const { line, column, ...rest } = problem;
    return line === undefined ? { ...rest, file } : { ...rest, file, ...found.placeOf(line, column) };
  });
};

/** Checks a YAML file: each configuration in it, with what its templates make for example facts. */
export const lintYaml = (content: string, file: string, options: LintConfigOptions): readonly Problem[] => {
  const { configs, others } = scanYaml(content);
  const skipped = others.map(
    ({ line, kind }): Problem => ({
      code: 'lint-not-a-configuration',
      severity: 'info',
      message: `this ${kind} document holds no configuration and was not checked`,
      hint: 'A configuration is bare, under kublrAgentConfig or spec.kublrAgentConfig, or config.yaml of a ConfigMap.',
      file,
      line,
    }),
  );
  return [...configs.flatMap((found) => lintFound(found, file, options)), ...skipped];
};
