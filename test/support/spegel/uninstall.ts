import { join } from 'node:path';
import { backupName, clear } from './configuration.ts';
import { type Family, traitsOf } from './families.ts';
import { createGoOs, type Pause } from './steps.ts';

/**
 * The post-delete hook `cleanup`: clear, move `_backup` back, remove it; nothing without a `_backup`.
 * Source: CleanupMirrorConfiguration in pkg/oci/containerd.go (v0.1.0 to v0.7.4) and pkg/oci/containerd/mirror.go (main).
 */
export async function cleanUp(family: Family, certsDir: string, pause: Pause): Promise<void> {
  const os = createGoOs(pause, traitsOf(family).listLooks);
  const backup = join(certsDir, backupName);
  if (!(await os.isDirectory(backup))) return;
  await clear(os, certsDir);
  for (const name of await os.readDir(backup)) await os.rename(join(backup, name), join(certsDir, name));
  await os.removeAll(backup);
}
