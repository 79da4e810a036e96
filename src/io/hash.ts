import { hash } from 'node:crypto';

/** Hex SHA-256 of bytes. */
export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');
