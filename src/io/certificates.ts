import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

type PemBlock = { readonly type: string; readonly headers: boolean; readonly der: Buffer };

const begin = /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*(?:\n|$)/g;

/** The blocks that Go's `encoding/pem` finds; anything between and around them is passed over. */
const pemBlocks = (bytes: Uint8Array): readonly PemBlock[] => {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks: PemBlock[] = [];
  begin.lastIndex = 0;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const type = found[1] ?? '';
    const bodyStart = begin.lastIndex;
    const end = `-----END ${type}-----`;
    const endAt = text.startsWith(end, bodyStart) ? bodyStart : text.indexOf(`\n${end}`, bodyStart - 1);
    const afterEnd = endAt < 0 ? '' : text.slice(endAt).replace(/^\n/, '').slice(end.length).split('\n', 1)[0];
    if (endAt < 0 || afterEnd?.trim() !== '') {
      begin.lastIndex = Math.max(bodyStart - 1, found.index + 1);
      continue;
    }
    const lines = text.slice(bodyStart, Math.max(endAt, bodyStart)).split('\n');
    const body = lines.findIndex((line) => !line.includes(':'));
    const base64 = lines
      .slice(body < 0 ? lines.length : body)
      .join('')
      .replace(/[ \t\r]/g, '');
    begin.lastIndex = Math.max(endAt, bodyStart) + end.length;
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) continue;
    blocks.push({ type, headers: body !== 0, der: Buffer.from(base64, 'base64') });
  }
  return blocks;
};

const parseCertificate = (der: Buffer): X509Certificate | undefined => {
  try {
    return new X509Certificate(der);
  } catch {
    // OpenSSL's reasons differ from Go's; that it is none is all that counts.
    return undefined;
  }
};

const parseKey = (der: Buffer): KeyObject | undefined => {
  for (const type of ['pkcs1', 'pkcs8', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
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
  pemBlocks(pem)
    .filter((block) => block.type === 'CERTIFICATE' && !block.headers && parseCertificate(block.der) !== undefined)
    .map(({ der }) => createHash('sha256').update(der).digest('hex'));

/** Why Go's `tls.X509KeyPair` refuses the pair, in its words; `undefined` if it takes it. */
export const keyPairError = (certificatePem: Uint8Array, keyPem: Uint8Array): string | undefined => {
  const blocks = pemBlocks(certificatePem);
  const first = blocks.find(({ type }) => type === 'CERTIFICATE');
  if (first === undefined) return certificateError(blocks.map(({ type }) => type));
  const keyBlocks = pemBlocks(keyPem);
  const keyBlock = keyBlocks.find(isKey);
  if (keyBlock === undefined) return keyError(keyBlocks.map(({ type }) => type));
  const certificate = parseCertificate(first.der);
  if (certificate === undefined) return 'x509: malformed certificate';
  const key = parseKey(keyBlock.der);
  if (key === undefined) return 'tls: failed to parse private key';
  const publicType = certificate.publicKey.asymmetricKeyType ?? '';
  if (!keyTypes.includes(key.asymmetricKeyType ?? '')) return 'tls: found unknown private key type in PKCS#8 wrapping';
  if (!keyTypes.includes(publicType)) return 'tls: unknown public key algorithm';
  if (key.asymmetricKeyType !== publicType) return 'tls: private key type does not match public key type';
  return certificate.checkPrivateKey(key) ? undefined : 'tls: private key does not match public key';
};
