import { readSpegel, type SpegelThere } from '../core/spegel/release.ts';
import { type Api, ApiRefusal } from './api-request.ts';
import { listAll } from './list-nodes.ts';

const path = '/apis/apps/v1/daemonsets?labelSelector=app.kubernetes.io%2Fcomponent%3Dspegel&';

const isForbidden = (error: unknown): boolean => error instanceof ApiRefusal && error.status === 403;

/** Every Spegel of the cluster, whoever made it; `undefined` without the right to look. */
export const listSpegels = async (api: Api): Promise<readonly SpegelThere[] | undefined> => {
  try {
    return (await listAll(api, path)).flatMap((one) => readSpegel(one) ?? []);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
};

/** Is there such a namespace? Without the right to look it is taken to be there: whoever gave the other rights made it. */
export const hasNamespace = async (api: Api, name: string): Promise<boolean> => {
  try {
    await api('GET', `/api/v1/namespaces/${encodeURIComponent(name)}`);
    return true;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return false;
    if (isForbidden(error)) return true;
    throw error;
  }
};
