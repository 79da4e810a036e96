import type { Config } from './config/config.ts';
import { parseConfig } from './config/config.ts';
import type { Extension } from './config/config-extensions.ts';
import { joinPath } from './config/config-problems.ts';
import { placeOfOutput } from './config/output-place.ts';
import { render } from './config/render.ts';
import { insidePolicy, withStandIns } from './config/stand-ins.ts';
import { parseContainerdVersion } from './containerd/containerd-version.ts';
import type { CertificateReader } from './containerd/hosts-certificates.ts';
import { lintHostsFile } from './containerd/lint-hosts.ts';
import type { DesiredUnit } from './desired.ts';
import type { Facts } from './facts.ts';
import { forPeople } from './judged.ts';
import { type FoundConfig, scanYaml } from './lint-yaml.ts';
import type { Problem } from './problem.ts';
import { spegelContradictions } from './spegel/contradictions.ts';
import type { Tools } from './tools.ts';

export type LintConfigOptions = {
  readonly facts: Facts;
  /** No address of a node was given: those in `facts` are examples. */
  readonly examples?: boolean;
  readonly tools: Pick<Tools, 'judge'>;
  readonly certificates: CertificateReader;
};

const text = new TextDecoder();

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
    return { ...rest, message, file: config.file, path, ...placeOfOutput(extension, made, problem) };
  });
};

const mayStandThere = {
  hint: 'Add an extension for it, or see to it that it stands on each node: there it is looked at again.',
};

const isAboutOutput = (code: string): boolean => code.startsWith('hosts-');

type Placed = { readonly line?: number; readonly column?: number };

const lintFound = (found: FoundConfig, file: string, options: LintConfigOptions): readonly Problem[] => {
  const { config, problems } = parseConfig(found.text, file);
  const all: Problem[] = [...problems];
  if (config !== undefined) {
    const known = options.examples === true ? insidePolicy(config, options.facts) : options.facts;
    const facts = withStandIns(config, known);
    const desired = render(config, facts, options.tools);
    // Not of one file: the command says it once.
    const ofFile = desired.problems.filter(({ code }) => code !== 'containerd-version-newer');
    all.push(...ofFile, ...spegelContradictions(config, desired, facts));
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
  const inFile = <T extends Placed>(placed: T) => {
    const { line, column, ...rest } = placed;
    return line === undefined ? { ...rest, file } : { ...rest, file, ...found.placeOf(line, column) };
  };
  return all.map(({ related, ...problem }) => ({
    ...inFile(problem),
    ...(related === undefined ? {} : { related: related.map(inFile) }),
  }));
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
