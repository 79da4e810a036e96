import { type Document, isMap, parseAllDocuments } from 'yaml';
import { parseConfig } from './config.ts';

/** What stands in for a configuration that the agents would refuse, while they give everything back. */
export const bareRelease = 'handspegel:\n  release: true\n';

const print = (document: Document.Parsed): string => document.toString({ lineWidth: 0 });

const only = (text: string): Document.Parsed | undefined => {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  if (!Array.isArray(documents) || documents.length !== 1) return undefined;
  const [document] = documents;
  return document === undefined || document.errors.length > 0 ? undefined : document;
};

/** Where in a document `handspegel:` belongs: bare, below kublrAgentConfig, or below spec.kublrAgentConfig. */
const placeIn = (document: Document.Parsed): readonly string[] => {
  const at = [['spec', 'kublrAgentConfig'], ['kublrAgentConfig']].find((path) => document.hasIn(path));
  return [...(at ?? []), 'handspegel'];
};

const isReleasing = (text: string): boolean => parseConfig(text, 'config.yaml').config?.settings.release === true;

/**
 * The configuration with `release: true`, comments and all; the bare field alone where the text is empty or is one that
 * agents would refuse, since they would never see the field in it.
 */
export const withRelease = (text: string): string => {
  if (isReleasing(text)) return text;
  const document = only(text);
  if (document === undefined || !isMap(document.contents)) return bareRelease;
  try {
    const place = placeIn(document);
    for (const depth of place.keys()) {
      const path = place.slice(0, depth + 1);
      if (document.getIn(path) === null || document.getIn(path) === undefined) {
        document.setIn(path, document.createNode({}));
      }
    }
    document.setIn([...place, 'release'], true);
    const edited = print(document);
    return isReleasing(edited) ? edited : bareRelease;
  } catch {
    // An alias or a scalar on the way: nothing that could be edited.
    return bareRelease;
  }
};

/** The configuration without the field; `undefined` when it is none that could be edited. */
export const withoutRelease = (text: string): string | undefined => {
  const document = only(text);
  if (document === undefined) return undefined;
  if (!isMap(document.contents)) return text;
  const place = placeIn(document);
  if (!document.hasIn([...place, 'release'])) return text;
  document.deleteIn([...place, 'release']);
  const left = document.getIn(place);
  if (isMap(left) && left.items.length === 0) document.deleteIn(place);
  return print(document);
};
