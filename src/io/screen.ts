import type { ReadStream, WriteStream } from 'node:tty';

export type ScreenListener = { readonly key: (key: string) => void; readonly resized: () => void };

/** A terminal that is drawn on as a whole. */
export type Screen = {
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Takes keys and cursor, on a page of its own; the function gives the terminal back as it was. */
  readonly open: (listener: ScreenListener) => () => void;
};

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';

/** The terminal that this process runs on. */
export const createScreen = (input: ReadStream, output: WriteStream): Screen => ({
  size: () => ({ columns: output.columns || 80, rows: output.rows || 24 }),
  open: ({ key, resized }) => {
    const onData = (data: Buffer): void => {
      for (const sign of data.toString('latin1')) key(sign);
    };
    output.write(enter);
    input.setRawMode(true);
    input.on('data', onData);
    input.resume();
    output.on('resize', resized);
    return () => {
      input.off('data', onData);
      output.off('resize', resized);
      input.setRawMode(false);
      input.pause();
      output.write(leave);
    };
  },
});
