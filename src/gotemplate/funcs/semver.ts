import { checkConstraints } from './semver-constraint.ts';
import { type Funcs, fn } from './signature.ts';
import { parseVersion } from './version.ts';

/** sprig's functions of semantic versions. */
export const SEMVER: Funcs = {
  semver: fn(['string'], ({ budget }, text) => {
    budget.text(text.length);
    return parseVersion(text);
  }),
  semverCompare: fn(['string', 'string'], ({ budget }, constraint, text) => {
    budget.step((constraint.length + text.length) * 100);
    return checkConstraints(constraint, text);
  }),
};
