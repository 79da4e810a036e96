/**
 * What the mount may still show of the configurations that there were, oldest first: the first is what it shows, the last
 * is the newest of all. Kubelet's mount runs 60 to 90 s behind the watch and may leave some out, but never goes back; so
 * what it shows anew is the earliest of these that fits, and only what is not among them is news.
 */
export type ConfigOrder = readonly string[];

/** More than this many changes within one lag of the mount are not remembered one by one. */
const longest = 100;

export const newestOf = (order: ConfigOrder): string | undefined => order.at(-1);

/** The watch tells each change, in order: what it tells is the newest. */
export const toldByWatch = (order: ConfigOrder, key: string): ConfigOrder => {
  if (newestOf(order) === key) return order;
  const [shown, ...ahead] = [...order, key];
  return [shown ?? key, ...ahead.slice(-longest)];
};

/** While the watch is connected, what the mount shows and the watch has not told is not taken: the watch will tell. */
export const shownByMount = (order: ConfigOrder, key: string, watchIsConnected: boolean): ConfigOrder => {
  if (order[0] === key) return order;
  const at = order.indexOf(key, 1);
  if (at > 0) return order.slice(at);
  return watchIsConnected ? order : [key];
};

/** The mount shows the newest and has had the time to show anything older: what it shows next is news. */
export const caughtUp = (order: ConfigOrder, shown: string): ConfigOrder =>
  order.length > 1 && newestOf(order) === shown ? [shown] : order;
