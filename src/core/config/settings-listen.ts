import { type At, type Reader, readString } from './config-reader.ts';
import { normaliseAddress } from './context-address.ts';

/** Where to listen; without a host: the address of this node. */
export type Listen = { readonly host: string | undefined; readonly port: number };

/** `ADDR:PORT`, `[IPv6]:PORT` or `:PORT`; `undefined` for anything else. Port 0 lets the system choose. */
export const parseListen = (text: string): Listen | undefined => {
  const match = /^(\[[^\]]+\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', port = ''] = match;
  const address = host === '' ? undefined : normaliseAddress(host);
  if (Number(port) > 65_535 || (host !== '' && address === undefined)) return undefined;
  return { host: address, port: Number(port) };
};

/** The same from the configuration. */
export const readListen = (reader: Reader, at: At | undefined): Listen | undefined => {
  const example = '"ADDRESS:PORT", "[IPv6]:PORT", or ":PORT" for the address of this node';
  const text = readString(reader, at, example);
  if (at === undefined || text === undefined) return undefined;
  const listen = parseListen(text);
  if (listen === undefined) {
    const message = `${at.name} is no address with a port: ${JSON.stringify(text)}`;
    reader.report.error(reader.valueCode, at, message, `Write ${example}.`);
  }
  return listen;
};
