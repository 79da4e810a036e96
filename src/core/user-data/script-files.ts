/** Files of one registry are made beside certs.d and go there by one rename each, hosts.toml last. */
export const landPart = `begin() { # REGISTRY
  registry=$1 with='' without=''
  if [ "$mode" = write ]; then mkdir -p "$work/$registry" || :; fi
}

hosts() { # TEXT
  if [ "$mode" != write ]; then return 0; fi
  made=$work/$registry/hosts.toml
  if [ -z "$1" ]; then
    : >"$made" || :
  else
    hash=$(printf '%s' "$1" | sum)
    printf '# handspegel %s source=user-data%s sha256=%s\\n%s' "$version" \\
      "\${with:+ with=$with}\${without:+ without=$without}" "$hash" "$1" >"$made" || :
    if [ "$(rest_sum_of "$made")" != "$hash" ]; then
      fail "$registry: cannot be written to \${work%/*}"
      return 0
    fi
  fi
  land
}

is_same() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sum_of "$1")" = "$(sum_of "$2")" ]
}

land() {
  place=$certs/$registry
  if ! stands "$place"; then
    if mv "$work/$registry" "$certs/" 2>/dev/null; then
      say "$registry: written"
    else
      fail "$registry: cannot be written to $certs"
    fi
    return 0
  fi
  if [ -L "$place" ] || [ ! -d "$place" ]; then
    say "$registry: left alone: $place is no directory"
    return 0
  fi
  change=''
  for new in "$work/$registry"/*; do
    old=$place/\${new##*/}
    if is_same "$old" "$new"; then continue; fi
    change=yes
    if [ "\${new##*/}" = hosts.toml ] && stands "$old" && ! is_own "$old"; then
      say "$registry: left alone: $old is not of user-data"
      return 0
    fi
  done
  if [ -z "$change" ]; then
    say "$registry: up to date"
    return 0
  fi
  marker=''
  if is_own "$place/hosts.toml"; then marker=$own_marker; fi
  for new in "$work/$registry"/*; do
    old=$place/\${new##*/}
    if [ "\${new##*/}" = hosts.toml ] || ! stands "$old" || is_same "$old" "$new"; then continue; fi
    # Ours, if the marker of our own hosts.toml names it with this hash.
    case "$marker " in
      *":$(sum_of "$old")"[,\\ ]*) ;;
      *)
        say "$registry: left alone: $old is not of user-data"
        return 0
        ;;
    esac
  done
  for new in "$work/$registry"/*; do
    if [ "\${new##*/}" = hosts.toml ] || put "$new" "$place/\${new##*/}"; then continue; fi
    fail "$registry: cannot be written to $place"
    return 0
  done
  if put "$work/$registry/hosts.toml" "$place/hosts.toml"; then
    say "$registry: written"
  else
    fail "$registry: cannot be written to $place"
  fi
}

# NEW PLACE: by one rename; where nothing stands, only as long as nothing does.
put() {
  if is_same "$2" "$1"; then return 0; fi
  if stands "$2"; then
    mv -f "$1" "$2" 2>/dev/null
  elif ! ln "$1" "$2" 2>/dev/null; then
    if stands "$2"; then return 1; fi
    mv "$1" "$2" 2>/dev/null
  fi
}
`;

/** Certificates beside a hosts.toml. */
export const besidePart = `beside() { # NAME WORD TEXT
  if [ "$mode" != write ]; then return 0; fi
  printf '%s' "$3" >"$work/$registry/$1" || :
  with="$with\${with:+,}$2:$(printf '%s' "$3" | sum)"
}
`;

/** What only the agent can make. */
export const leftPart = `left() { # REGISTRY WHY
  if [ "$mode" = write ]; then say "$1: left to the agent: $2"; fi
}
`;
