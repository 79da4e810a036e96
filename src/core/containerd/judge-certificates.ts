import type { HostConfig } from './hosts.ts';
import type { CertificateReader } from './hosts-certificates.ts';
import type { HostsProblemCode } from './hosts-problems.ts';

/** Stands for a registry directory whose place is not known. */
export const unknownDirectory = '/certs.d/registry';

type Files = {
  readonly filesBeside: ReadonlyMap<string, Uint8Array>;
  readonly certificates?: CertificateReader;
  readonly readOutside?: (path: string) => Uint8Array | undefined;
  readonly directory?: string;
};

type CertificateFinding = {
  readonly code: HostsProblemCode;
  readonly severity: 'error' | 'warning';
  readonly verdict: 'ok' | 'breaks-pulls';
  readonly message: string;
  readonly hint: string;
};

const missing = (path: string): CertificateFinding => ({
  code: 'hosts-certificate-missing',
  severity: 'error',
  verdict: 'breaks-pulls',
  message: `${path} is missing: every pull from this registry fails, from the upstream too`,
  hint: 'Put the file there before the hosts.toml that names it.',
});

const wrong = (path: string, why: string): CertificateFinding => ({
  code: 'hosts-certificate-wrong',
  severity: 'error',
  verdict: 'breaks-pulls',
  message: `${path}: ${why}; every pull from this registry fails, from the upstream too`,
  hint: 'Certificates and keys are PEM; a pair is written [["client.cert", "client.key"]].',
});

const unchecked = (path: string): CertificateFinding => ({
  code: 'hosts-certificate-unchecked',
  severity: 'warning',
  verdict: 'ok',
  message: `${path} lies outside the directory and was not looked at`,
  hint: 'If it is missing or wrong, every pull from this registry fails.',
});

type Looked = { readonly bytes: Uint8Array; readonly name: string } | { readonly finding: CertificateFinding };

const look = (path: string, files: Files): Looked => {
  const directory = files.directory ?? unknownDirectory;
  if (path === directory) return { finding: wrong('an empty file name', 'it means the directory itself') };
  if (path.startsWith(`${directory}/`)) {
    const name = path.slice(directory.length + 1);
    const bytes = files.filesBeside.get(name);
    return bytes === undefined ? { finding: missing(name) } : { bytes, name };
  }
  if (files.readOutside === undefined) return { finding: unchecked(path) };
  const bytes = files.readOutside(path);
  return bytes === undefined ? { finding: missing(path) } : { bytes, name: path };
};

/** What is wrong with the certificates and keys that one entry names: any of it fails every pull. */
export const certificateFindings = (host: HostConfig, files: Files): readonly CertificateFinding[] => {
  const findings: CertificateFinding[] = [];
  const open = (path: string): { readonly bytes: Uint8Array; readonly name: string } | undefined => {
    const looked = look(path, files);
    if ('bytes' in looked) return looked;
    findings.push(looked.finding);
    return undefined;
  };
  for (const path of host.ca ?? []) {
    const file = open(path);
    if (file === undefined || files.certificates === undefined) continue;
    if (files.certificates.authorities(file.bytes).length === 0)
      findings.push(wrong(file.name, 'no certificate in it'));
  }
  for (const [certificatePath, keyPath] of host.client ?? []) {
    const certificate = open(certificatePath);
    const key = keyPath === '' ? certificate : open(keyPath);
    if (certificate === undefined || key === undefined) continue;
    const error = files.certificates?.keyPairError(certificate.bytes, key.bytes);
    if (error !== undefined) findings.push(wrong(certificate.name, error));
  }
  return findings;
};
