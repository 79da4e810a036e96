import type { TomlExpression } from './go2-syntax.ts';

/** Reads the next expression, or the one that was put back. */
export type ExpressionSource = {
  readonly next: () => TomlExpression | undefined;
  readonly putBack: (expression: TomlExpression) => void;
};

export const createExpressionSource = (expressions: Iterator<TomlExpression>): ExpressionSource => {
  let waiting: TomlExpression | undefined;
  return {
    next: () => {
      const expression = waiting ?? expressions.next().value;
      waiting = undefined;
      return expression;
    },
    putBack: (expression) => {
      waiting = expression;
    },
  };
};
