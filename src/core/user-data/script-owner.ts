/** Whose file stands there: what a marker line says, and whether it is still true. */
export const ownerPart = `sum_of() {
  sum <"$1"
}

# What stands below the marker line.
rest_sum_of() {
  tail -n +2 "$1" | sum
}

first_line_of() {
  IFS= read -r line <"$1" || :
  printf '%s' "$line"
}

# A later version than the other?
is_newer() {
  a=\${1%%-*}. b=\${2%%-*}.
  while [ -n "$a$b" ]; do
    x=\${a%%.*} y=\${b%%.*}
    case "$x$y" in *[!0-9]*) return 1 ;; esac
    if [ "\${x:-0}" -gt "\${y:-0}" ]; then return 0; fi
    if [ "\${x:-0}" -lt "\${y:-0}" ]; then return 1; fi
    a=\${a#*.} b=\${b#*.}
  done
  return 1
}

# Written by this script or an older one, and by nobody changed since.
is_own() {
  if [ -L "$1" ] || [ ! -f "$1" ] || [ ! -r "$1" ]; then return 1; fi
  own_marker=$(first_line_of "$1")
  case $own_marker in
    '# handspegel '*' source=user-data '*' sha256='* | '# handspegel '*' source=user-data sha256='*) ;;
    *) return 1 ;;
  esac
  if [ "\${own_marker##* sha256=}" != "$(rest_sum_of "$1")" ]; then return 1; fi
  writer=\${own_marker#'# handspegel '}
  if is_newer "\${writer%% *}" "$version"; then return 1; fi
}
`;
