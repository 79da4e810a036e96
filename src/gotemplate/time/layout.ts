/** A piece of a layout: plain text, and the reference to a part of a time that follows it. */
export type Chunk = { readonly prefix: string; readonly code: string; readonly suffix: string };

const CODES = [
  'January',
  'Monday',
  'MST',
  '2006',
  '002',
  '__2',
  '-07:00:00',
  '-070000',
  '-07:00',
  '-0700',
  '-07',
  'Z07:00:00',
  'Z070000',
  'Z07:00',
  'Z0700',
  'Z07',
  'PM',
  'pm',
  '15',
  '_2',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '1',
  '2',
  '3',
  '4',
  '5',
];

function codeAt(layout: string, at: number): string | undefined {
  const short = layout.slice(at, at + 3);
  if (short === 'Jan' && !layout.startsWith('January', at))
    return /^[a-z]/.test(layout.slice(at + 3)) ? undefined : short;
  if (short === 'Mon' && !layout.startsWith('Monday', at))
    return /^[a-z]/.test(layout.slice(at + 3)) ? undefined : short;
  const fraction = /^[.,](0+|9+)(?![0-9])/.exec(layout.slice(at));
  return fraction?.[0] ?? CODES.find((code) => layout.startsWith(code, at));
}

/** The first reference to a part of a time in a layout; without one the code is empty. */
export function nextChunk(layout: string): Chunk {
  for (let at = 0; at < layout.length; at++) {
    if (layout.startsWith('_2006', at)) {
      return { prefix: layout.slice(0, at + 1), code: '2006', suffix: layout.slice(at + 5) };
    }
    const code = codeAt(layout, at);
    if (code !== undefined) return { prefix: layout.slice(0, at), code, suffix: layout.slice(at + code.length) };
  }
  return { prefix: layout, code: '', suffix: '' };
}
