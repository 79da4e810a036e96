import { readFileSync, writeFileSync } from 'node:fs';
import { valuesSchema } from './values-schema.ts';
import { betweenMarks, valuesTable } from './values-table.ts';

// Writes what of the chart is made from its values and from the agent's own schema: `npm run chart:schema`.

const at = (name: string): URL => new URL(`../../chart/${name}`, import.meta.url);
const values = readFileSync(at('values.yaml'), 'utf8');
writeFileSync(at('values.schema.json'), `${JSON.stringify(valuesSchema(values), undefined, 2)}\n`);
writeFileSync(at('README.md'), betweenMarks(readFileSync(at('README.md'), 'utf8'), 'values', valuesTable(values)));
