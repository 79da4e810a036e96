import { dirname, join, relative } from 'node:path';
import { existingHosts, mergeByLibrary } from './existing.ts';
import { type Family, traitsOf } from './families.ts';
import { type BasicAuth, hostsFile, withExisting } from './files.ts';
import { createGoOs, type GoOs, isErrno, type Pause } from './steps.ts';
import { parseMirrored, parseTargets, type RegistryUrl } from './urls.ts';
import type { ConfigurationArguments } from './values.ts';

export const backupName = '_backup';

/**
 * The init container `configuration`: backup, clear, write.
 * Source: AddMirrorConfiguration in pkg/oci/containerd.go (v0.0.23 to v0.7.4) and pkg/oci/containerd/mirror.go (main).
 */
export async function configure(
  family: Family,
  args: ConfigurationArguments,
  auth: BasicAuth | undefined,
  pause: Pause,
): Promise<void> {
  const traits = traitsOf(family);
  const { certsDir } = args;
  const registries = parseMirrored(family, args.mirroredRegistries);
  const targets = parseTargets(family, args.mirrorTargets);
  const os = createGoOs(pause, traits.listLooks);

  await os.mkdirAll(certsDir);
  await backUp(os, certsDir, traits.lazyBackup);
  await clear(os, certsDir);
  for (const registry of registries) {
    const fresh = hostsFile(family, { registry, targets, resolveTags: args.resolveTags, basicAuth: auth });
    const text = args.prependExisting ? await keepExisting(os, family, args, registry, fresh) : fresh;
    const path = join(certsDir, registry.host, 'hosts.toml');
    await os.mkdirAll(dirname(path));
    await os.writeFile(path, text);
  }
}

async function backUp(os: GoOs, certsDir: string, lazy: boolean): Promise<void> {
  const backup = join(certsDir, backupName);
  if (lazy ? await os.exists(backup) : await os.isDirectory(backup)) return;
  const names = await os.readDir(certsDir);
  if (lazy && names.length === 0) return;
  await os.mkdirAll(backup);
  for (const name of names) await os.rename(join(certsDir, name), join(backup, name));
}

/** clearConfig: everything but `_backup`, also used by the uninstall hook. */
export async function clear(os: GoOs, certsDir: string): Promise<void> {
  for (const name of await os.readDir(certsDir)) {
    if (name !== backupName) await os.removeAll(join(certsDir, name));
  }
}

/** `prependExisting`, `appendMirrors` before v0.1.0. */
async function keepExisting(
  os: GoOs,
  family: Family,
  args: ConfigurationArguments,
  registry: RegistryUrl,
  fresh: string,
): Promise<string> {
  const traits = traitsOf(family);
  const host = registry.wildcard && traits.existingDefault === 'top of _backup' ? '' : registry.host;
  const old = await readOld(os, join(args.certsDir, backupName, host, 'hosts.toml'));
  if (old === undefined) return fresh;
  if (traits.library) {
    const targets = parseTargets(family, args.mirrorTargets).map((target) => target.text);
    return mergeByLibrary(old, targets, args.resolveTags ? ['pull', 'resolve'] : ['pull']);
  }
  const existing = existingHosts(family, old);
  if (existing !== '' && traits.copiesFiles) await copyOtherFiles(os, args.certsDir, registry.host);
  return withExisting(fresh, existing);
}

async function readOld(os: GoOs, path: string): Promise<string | undefined> {
  try {
    return (await os.readFile(path)).toString();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** v0.5.0 and later: the files that the existing hosts may name, appended to whatever stands there. */
async function copyOtherFiles(os: GoOs, certsDir: string, host: string): Promise<void> {
  const from = join(certsDir, backupName, host);
  for await (const file of os.walkFiles(from)) {
    if (file.endsWith('/hosts.toml')) continue;
    const to = join(certsDir, host, relative(from, file));
    const bytes = await os.readFile(file);
    await os.mkdirAll(dirname(to));
    await os.appendFile(to, bytes);
  }
}
