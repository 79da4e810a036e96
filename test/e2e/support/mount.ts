import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What kubelet does for a ConfigMap: new directory, new link, rename over the old link. */
export const mount = (dir: string, text: string): void => {
  const name = `..${String(process.hrtime.bigint())}`;
  mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, name, 'config.yaml'), text);
  symlinkSync(name, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
};
