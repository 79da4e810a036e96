/** What Go finds in a PEM text meant as certificate authorities. */
export type CertificateReader = {
  /** How many certificates `AppendCertsFromPEM` would add; 0 makes containerd fail every pull. */
  readonly countAuthorities: (pem: Uint8Array) => number;
  /** Why `tls.X509KeyPair` refuses the pair, in Go's words; `undefined` if it takes it. */
  readonly keyPairError: (certificate: Uint8Array, key: Uint8Array) => string | undefined;
};
