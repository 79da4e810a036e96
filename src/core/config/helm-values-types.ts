import { kindName } from './config-json.ts';
import type { At, Reader } from './config-reader.ts';

/** A wrong type, and what Helm would make of it. */
export const sayType = (reader: Reader, at: At, wanted: string, consequence: string): undefined => {
  const message = `${at.name} must be ${wanted}, but it is ${kindName(at.node.value)}: ${consequence}`;
  reader.report.error(reader.typeCode, at, message, `Write ${wanted}.`);
};

/** A value that a template tests with `if`: anything but a boolean is truth by accident. */
export const readSwitch = (reader: Reader, at: At | undefined, fallback: boolean): boolean => {
  if (at === undefined) return fallback;
  const { value } = at.node;
  if (value === null) return false;
  if (typeof value === 'boolean') return value;
  sayType(reader, at, 'true or false', 'the chart would take any text for true');
  return fallback;
};

/** A value that is handed to Spegel as the text of a flag, so that `"false"` does what it says. */
export const readFlag = (reader: Reader, at: At | undefined, fallback: boolean): boolean => {
  const value = at?.node.value;
  if (at === undefined || typeof value === 'boolean') return typeof value === 'boolean' ? value : fallback;
  if (value !== 'true' && value !== 'false') {
    sayType(reader, at, 'true or false', 'Spegel would not start');
    return fallback;
  }
  const message = `${at.name} is the string "${value}"; Spegel reads it as ${value}`;
  reader.report.warning(reader.typeCode, at, message, `Write ${value} without quotes.`);
  return value === 'true';
};

/** A string; null is an empty one, as Helm prints it. */
export const readText = (reader: Reader, at: At | undefined): string => {
  const value = at?.node.value ?? null;
  if (typeof value === 'string') return value;
  if (at !== undefined && value !== null) sayType(reader, at, 'a string', 'Helm would render something else');
  return '';
};
