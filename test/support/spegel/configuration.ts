import { dirname, join, relative } from 'node:path';
import { existingHosts } from './existing.ts';
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
    let text = hostsFile(family, { registry, targets, resolveTags: args.resolveTags, basicAuth: auth });
    if (args.prependExisting) {
      const existing = await readExisting(os, family, join(certsDir, backupName, existingDirectory(family, registry)));
      if (existing !== '' && traits.copiesFiles) await copyOtherFiles(os, certsDir, registry.host);
      text = withExisting(text, existing);
    }
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

const existingDirectory = (family: Family, registry: RegistryUrl): string =>
  registry.wildcard && traitsOf(family).existingDefault === 'top of _backup' ? '' : registry.host;

async function readExisting(os: GoOs, family: Family, directory: string): Promise<string> {
  try {
    return existingHosts(family, (await os.readFile(join(directory, 'hosts.toml'))).toString());
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
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
