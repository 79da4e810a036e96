import { withoutRelease, withRelease } from '../core/config/release-field.ts';
import { type Api, ApiRefusal } from './api-request.ts';

type ConfigMap = {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
};

const key = 'config.yaml';
/** The text as it was, byte for byte, beside the one with the field. */
const savedKey = 'config.yaml.before-release';

/** Reads, changes and writes it; again when somebody else changed it meanwhile. */
const update = async (
  api: Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  change: (data: Readonly<Record<string, string>>) => Readonly<Record<string, string>> | undefined,
): Promise<boolean> => {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  for (;;) {
    const found = (await api('GET', path)) as ConfigMap;
    const data = change(found.data ?? {});
    if (data === undefined) return false;
    try {
      await api('PUT', path, { ...found, data });
      return true;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    }
  }
};

/** Sets the field; false when it is set already. */
export const askForRelease = (api: Api, where: { readonly namespace: string; readonly name: string }) =>
  update(api, where, (data) => {
    const text = data[key] ?? '';
    const released = withRelease(text);
    return released === text ? undefined : { ...data, [savedKey]: text, [key]: released };
  });

/** Takes the field out: the saved text when nobody has edited since, else the text of now without it. */
export const takeReleaseBack = (api: Api, where: { readonly namespace: string; readonly name: string }) =>
  update(api, where, ({ [savedKey]: saved, ...data }) => {
    const text = data[key] ?? '';
    const back = saved !== undefined && withRelease(saved) === text ? saved : (withoutRelease(text) ?? text);
    return saved === undefined && back === text ? undefined : { ...data, [key]: back };
  });
