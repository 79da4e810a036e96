import type { KeyObject, X509Certificate } from 'node:crypto';
import { decodePem, type PemBlock } from '../core/containerd/pem.ts';
import { sha256 } from './disk/hash.ts';

/** Loaded with the first certificate: most nodes have none, and their first file does not wait for it. */
const crypto = () => process.getBuiltinModule('node:crypto');

const parseCertificate = (der: Uint8Array): X509Certificate | undefined => {
  try {
    return new (crypto().X509Certificate)(der);
  } catch {
    // OpenSSL's reasons differ from Go's; that it is none is all that counts.
    return undefined;
  }
};

const parseKey = (der: Uint8Array): KeyObject | undefined => {
  for (const type of ['pkcs1', 'pkcs8', 'sec1'] as const) {
    try {
      return crypto().createPrivateKey({ key: Buffer.from(der), format: 'der', type });
    } catch {
      // Not in this form: the next one, as Go tries them.
    }
  }
  return undefined;
};

const keyTypes = ['rsa', 'ec', 'ed25519'];

const listed = (types: readonly string[]): string => `[${types.join(' ')}]`;

const certificateError = (skipped: readonly string[]): string => {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (skipped.length === 1 && skipped[0]?.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${listed(skipped)}`;
};

const keyError = (skipped: readonly string[]): string => {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in key input';
  if (skipped.length === 1 && skipped[0] === 'CERTIFICATE') {
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  }
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${listed(skipped)}`;
};

const isKey = ({ type }: PemBlock): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');

/** A name for each certificate that containerd would add to its pool of authorities. */
export const readAuthorities = (pem: Uint8Array): readonly string[] =>
  decodePem(pem)
    .filter((block) => block.type === 'CERTIFICATE' && !block.hasHeaders && parseCertificate(block.bytes) !== undefined)
    .map(({ bytes }) => sha256(bytes));

/** Why Go's `tls.X509KeyPair` refuses the pair, in its words; `undefined` if it takes it. */
export const keyPairError = (certificatePem: Uint8Array, keyPem: Uint8Array): string | undefined => {
  const blocks = decodePem(certificatePem);
  const first = blocks.find(({ type }) => type === 'CERTIFICATE');
  if (first === undefined) return certificateError(blocks.map(({ type }) => type));
  const keyBlocks = decodePem(keyPem);
  const keyBlock = keyBlocks.find(isKey);
  if (keyBlock === undefined) return keyError(keyBlocks.map(({ type }) => type));
  const certificate = parseCertificate(first.bytes);
  if (certificate === undefined) return 'x509: malformed certificate';
  const key = parseKey(keyBlock.bytes);
  if (key === undefined) return 'tls: failed to parse private key';
  const publicType = certificate.publicKey.asymmetricKeyType ?? '';
  if (!keyTypes.includes(key.asymmetricKeyType ?? '')) return 'tls: found unknown private key type in PKCS#8 wrapping';
  if (!keyTypes.includes(publicType)) return 'tls: unknown public key algorithm';
  if (key.asymmetricKeyType !== publicType) return 'tls: private key type does not match public key type';
  return certificate.checkPrivateKey(key) ? undefined : 'tls: private key does not match public key';
};
