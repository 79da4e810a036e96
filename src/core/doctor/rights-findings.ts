import type { Seen, Tree } from '../tree.ts';
import { type Finding, finding } from './finding.ts';

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const text = new TextDecoder();

const holdsSecret = (seen: Seen): boolean =>
  seen.kind === 'file' && /PRIVATE KEY-----|^\s*["']?(?:proxy-)?authorization["']?\s*=/im.test(text.decode(seen.bytes));

/** Owner and mode of one entry: who may send pulls elsewhere, and whom it shuts out. */
const entryRights = (file: string, seen: Seen): readonly Finding[] => {
  if (seen.kind === 'symlink') return [];
  const findings: Finding[] = [];
  const { mode, uid } = seen;
  if (uid !== 0) {
    findings.push(finding('certs-owner', `it belongs to user ${uid}`, `chown root:root ${file}`, { file }));
  }
  if ((mode & 0o022) !== 0) {
    findings.push(finding('certs-writable', `its mode is ${octal(mode)}`, `chmod go-w ${file}`, { file }));
  }
  const needed = seen.kind === 'directory' ? 0o500 : 0o400;
  if ((mode & needed) !== needed) {
    const right = seen.kind === 'directory' ? '0755' : '0644';
    findings.push(finding('certs-mode', `its mode is ${octal(mode)}`, `chmod ${right} ${file}`, { file }));
  }
  if ((mode & 0o004) !== 0 && holdsSecret(seen)) {
    const message = `its mode is ${octal(mode)}, and it holds a private key or an Authorization header`;
    findings.push(finding('certs-secret-readable', message, `chmod 0600 ${file}`, { file }));
  }
  return findings;
};

/** Wrong owners and modes below certs.d; containerd runs as root, so these are about safety first. */
export const rightsFindings = (root: string, tree: Tree): readonly Finding[] =>
  [...tree.entries].flatMap(([path, seen]) => entryRights(`${root}/${path}`, seen));
