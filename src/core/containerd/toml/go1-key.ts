import { isBareKeyCharacter, isSpace } from './go1-reader.ts';

/**
 * go-toml 1's `parseKey`: the parts of a dotted key, or why it is none. It takes quoted parts as they stand, so that
 * table names, which its lexer does not unescape, keep their backslashes.
 */
export const parseDottedKey = (key: string): readonly string[] | string => {
  const characters = Array.from(key);
  const parts: string[] = [];
  let index = 0;
  const skipSpace = (): void => {
    while (isSpace(characters[index])) index += 1;
  };
  while (index < characters.length) {
    skipSpace();
    const first = characters[index];
    if (first === undefined) break;
    const start = index;
    if (isBareKeyCharacter(first)) {
      while (isBareKeyCharacter(characters[index])) index += 1;
      parts.push(characters.slice(start, index).join(''));
      skipSpace();
      if (index < characters.length && characters[index] !== '.') return `unexpected ${characters[index]} in a key`;
    } else if (first === '"' || first === "'") {
      const end = characters.indexOf(first, start + 1);
      if (end < 0) return 'a quote in a key is not closed';
      parts.push(characters.slice(start + 1, end).join(''));
      index = end + 1;
    } else if (first === '.') {
      index += 1;
      const after = characters[index];
      if (after === undefined) return 'a key ends with a dot';
      if (!isBareKeyCharacter(after) && !`'" `.includes(after)) return 'a key part is missing after a dot';
    } else {
      return `${first} in a key needs quotes`;
    }
  }
  return parts.length === 0 ? 'an empty key' : parts;
};
