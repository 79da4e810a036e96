import { homedir } from 'node:os';
import { join } from 'node:path';

const base = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'handspegel/bin');

/** Where `prepare.sh` leaves the `containerd` and `ctr` of a release that it built. */
export const builtContainerd = (release: '2.2.9' | '2.4.2'): string => join(base, release);

/** Reads user-data as Ignition and nodeadm do. */
export const builtUserDataCheck = join(base, 'user-data-check');
