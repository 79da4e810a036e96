import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** UPDATE_GOLDEN=1 writes golden files anew; look at the difference before you commit it. */
export const updatesGolden = Boolean(process.env['UPDATE_GOLDEN']);

/** The text is that of the golden file, byte for byte. */
export const compareGolden = (file: string, text: string): void => {
  if (updatesGolden) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, 'utf8'));
};
