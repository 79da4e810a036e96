import { chmodSync, statSync } from 'node:fs';

const nobody = 65_534;

/** As another user, which only root can become. */
const asNobody = async <T>(act: () => T): Promise<Awaited<T>> => {
  process.seteuid?.(nobody);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
};

/** As their owner, with no more rights than everybody has. */
const withoutRights = async <T>(paths: readonly string[], act: () => T): Promise<Awaited<T>> => {
  // What lies deeper first: behind a closed directory no mode can be changed.
  const before = paths.map((path) => ({ path, mode: statSync(path).mode & 0o777 }));
  const inwards = before.toSorted((a, b) => a.path.length - b.path.length);
  for (const { path, mode } of inwards.toReversed()) chmodSync(path, (mode & 0o077) | ((mode & 0o7) << 6));
  try {
    return await act();
  } finally {
    for (const { path, mode } of inwards) chmodSync(path, mode);
  }
};

/** Does it as somebody to whom these paths give only the rights that they give to everybody, root or not. */
export const asStranger = <T>(paths: readonly string[], act: () => T): Promise<Awaited<T>> =>
  process.getuid?.() === 0 ? asNobody(act) : withoutRights(paths, act);
