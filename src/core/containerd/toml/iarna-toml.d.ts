/** The parser alone, of which the package has no types. */
declare module '@iarna/toml/parse-string.js' {
  /** @throws an error with `fromTOML`, `line` and `col` */
  const parse: (text: string) => Record<string, unknown>;
  export = parse;
}
