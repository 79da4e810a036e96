import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { detectFamily, runCleanup, runConfiguration } from './binary.ts';
import { configure } from './configuration.ts';
import { type Family, traitsOf } from './families.ts';
import { type BasicAuth, hostsFile, withExisting } from './files.ts';
import type { Pause } from './steps.ts';
import { cleanUp } from './uninstall.ts';
import { parseMirrored, parseTargets } from './urls.ts';
import { type ChartResult, chartArguments, type Values } from './values.ts';

export interface SpegelOptions {
  readonly family: Family;
  /** The directory of this node that the pod gets as its host path. */
  readonly certsDir: string;
  /** `status.hostIP`. */
  readonly nodeIp: string;
  /** The user's values of the Spegel chart; its defaults are filled in. */
  readonly values?: Values;
  /** What the Secret of `basicAuthSecretName` holds. */
  readonly secret?: BasicAuth;
  /** Called before each step of the file system; not with a real binary. */
  readonly pause?: Pause;
  /** A real Spegel to run instead: a path, or false for none; SPEGEL_BIN when absent. */
  readonly bin?: string | false;
  /** How often a container is run before its failure is handed on. */
  readonly attempts?: number;
  /** The time between two attempts; the kubelet's 10 s and more would only make tests slow. */
  readonly retryDelayMs?: number;
}

/** What happened until a container succeeded. */
export interface Run {
  readonly failures: readonly Error[];
}

export interface Spegel {
  /** The family that really runs: the binary's own when there is one. */
  readonly family: Family;
  readonly real: boolean;
  readonly chart: ChartResult;
  /** What a request to the registry must carry, if anything. */
  readonly basicAuth: BasicAuth | undefined;
  /** Creates the pod: the init container, again after each failure, as the kubelet does. */
  start(): Promise<Run>;
  /** The post-delete hook, again after each failure. */
  uninstall(): Promise<Run>;
  /** The names of the directories that Spegel makes. */
  readonly directories: readonly string[];
  /** The text that Spegel writes for a directory; `existing` is what prependExisting adds. */
  expectedFile(directory: string, existing?: string): string;
}

/** The one place that reads the environment. */
const realSpegel = (): string | false => process.env['SPEGEL_BIN'] || false;

const defaultSecret: BasicAuth = { username: 'spegel', password: 'not-a-secret' };

/** One node's Spegel: the stand-in, or the real one when a binary is named. */
export function createSpegel(options: SpegelOptions): Spegel {
  const bin = options.bin ?? realSpegel();
  const family = bin === false ? options.family : detectFamily(bin);
  const pause: Pause = options.pause ?? (() => undefined);
  const { certsDir } = options;
  const chart = chartArguments(family, options.values ?? {}, options.nodeIp);
  const args = { ...chart, certsDir };
  const basicAuth = chart.basicAuthSecretName === '' ? undefined : (options.secret ?? defaultSecret);
  const registries = (): ReturnType<typeof parseMirrored> => parseMirrored(family, args.mirroredRegistries);

  async function untilDone(container: () => Promise<void>): Promise<Run> {
    // The kubelet, for a host path of type DirectoryOrCreate.
    await mkdir(certsDir, { recursive: true, mode: 0o755 });
    const failures: Error[] = [];
    for (;;) {
      try {
        await container();
        return { failures };
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
        if (failures.length >= (options.attempts ?? 5)) throw error;
        await setTimeout(options.retryDelayMs ?? 0);
      }
    }
  }

  return {
    family,
    real: bin !== false,
    chart,
    basicAuth,
    async start() {
      if (!chart.mirrorAdd) return { failures: [] };
      return untilDone(() =>
        bin === false ? configure(family, args, basicAuth, pause) : runConfiguration(bin, family, args, basicAuth),
      );
    },
    async uninstall() {
      if (!chart.mirrorAdd || !traitsOf(family).uninstallHook) return { failures: [] };
      return untilDone(() => (bin === false ? cleanUp(family, certsDir, pause) : runCleanup(bin, certsDir)));
    },
    get directories() {
      return registries().map((registry) => registry.host);
    },
    expectedFile(directory, existing = '') {
      const registry = registries().find((one) => one.host === directory);
      if (registry === undefined) throw new Error(`Spegel writes no file in ${directory}`);
      const targets = parseTargets(family, args.mirrorTargets);
      return withExisting(hostsFile(family, { registry, targets, resolveTags: args.resolveTags, basicAuth }), existing);
    },
  };
}
