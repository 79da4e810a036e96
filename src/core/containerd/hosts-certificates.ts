/** What Go makes of PEM files. The check needs cryptography, so it is handed in (src/io/certificates.ts). */
export type CertificateReader = {
  /** A name for each certificate that `AppendCertsFromPEM` would add; none makes containerd fail every pull. */
  readonly authorities: (pem: Uint8Array) => readonly string[];
  /** Why `tls.X509KeyPair` refuses the pair, in Go's words; `undefined` if it takes it. */
  readonly keyPairError: (certificate: Uint8Array, key: Uint8Array) => string | undefined;
};
