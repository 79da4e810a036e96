/** Milliseconds since 1970 of an ISO time; NaN when it is none. */
// biome-ignore lint/style/noRestrictedGlobals: reading a written time asks no clock
export const msOf = (iso: string): number => Date.parse(iso);

const units = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** How long it was from one ISO time to another, in at most two units: `2 h 5 min`, `3 days`; empty when unknown. */
export const spanBetween = (from: string, to: string): string => {
  const ms = msOf(to) - msOf(from);
  if (!Number.isFinite(ms)) return '';
  let rest = Math.max(ms, 0);
  const parts: string[] = [];
  for (const [index, [name, size]] of units.entries()) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count === 0 && !(index === units.length - 1 && parts.length === 0)) continue;
    parts.push(`${count} ${name === 'day' && count !== 1 ? 'days' : name}`);
    // A day and its hours say enough; seconds only below ten minutes.
    if (parts.length === 2 || (name === 'min' && count >= 10)) break;
  }
  return parts.slice(0, 2).join(' ');
};

/** `02:14:05` of an ISO time, in UTC as everything the agent says. */
export const clockOf = (iso: string): string => /T(\d\d:\d\d:\d\d)/.exec(iso)?.[1] ?? iso;

/** `2026-11-23 02:14:05` of an ISO time. */
export const dayAndClockOf = (iso: string): string => {
  const [day, rest] = iso.split('T');
  return rest === undefined ? iso : `${day ?? ''} ${clockOf(iso)}`;
};
