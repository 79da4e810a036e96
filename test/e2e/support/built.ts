import { homedir } from 'node:os';
import { join } from 'node:path';

const base = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'handspegel/bin');

/** Where `prepare.sh` leaves the `containerd` and `ctr` of a release that it built. */
export const builtContainerd = (release: '2.2.9' | '2.4.2'): string => join(base, release);

/** Reads user-data as Ignition and nodeadm do. */
export const builtUserDataCheck = join(base, 'user-data-check');

/** Kubernetes in one program, as `prepare.sh` builds it; HANDSPEGEL_E2E_KUBE puts another version in its place. */
export const kubeBinary = process.env['HANDSPEGEL_E2E_KUBE'] || join(base, 'kube-1.34/kube');

/** The Helm that `prepare.sh` builds. */
export const helmBinary = join(base, 'helm');

/** Helm 4 or 3, as `prepare.sh` built it. */
export const builtHelm = (major: 3 | 4): string => (major === 4 ? helmBinary : join(base, 'helm-3/helm'));
