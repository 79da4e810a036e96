/**
 * The fixed parts of the script, POSIX sh: nothing but built-ins, mkdir, mv, rm, rmdir, ln, tail and something that knows
 * SHA-256. It also runs under `sh -eu`.
 */

/** Words to people, hashing, and whose file stands there. */
export const basicPart = `set -u
LC_ALL=C
export LC_ALL
umask 022
PATH=\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
IFS=' 	
'
status=0
mode='write'

say() {
  printf 'handspegel user-data: %s\\n' "$*" >&2
}

fail() {
  say "$@"
  status=1
}

# Anything of that name, a link to nowhere included.
stands() {
  [ -e "$1" ] || [ -L "$1" ]
}

# The SHA-256 of what comes in; nothing where it cannot be had.
sum() {
  case $hasher in
    sha256sum) sha256sum ;;
    busybox) busybox sha256sum ;;
    openssl) openssl dgst -sha256 -r ;;
    shasum) shasum -a 256 ;;
  esac 2>/dev/null | {
    read -r hex _ || hex=''
    printf '%s' "$hex"
  }
}

find_hasher() {
  for hasher in sha256sum busybox openssl shasum; do
    if ! command -v "$hasher" >/dev/null 2>&1; then continue; fi
    if [ "$(printf '' | sum)" = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ]; then return 0; fi
  done
  return 1
}

sum_of() {
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

/** The node's addresses: as told, else the sources of the default routes, else of the way to the control plane. */
export const addressPart = `is_usable() {
  case $1 in
    '' | 0.* | 127.* | 169.254.* | :: | ::1 | fe[89ab]?:* | *[!0-9a-f.:]*) return 1 ;;
  esac
}

route_get() {
  ip "$@" 2>/dev/null || busybox ip "$@" 2>/dev/null || :
}

# FAMILY ADDRESS: the address that this node would send from.
source_to() {
  # shellcheck disable=SC2046
  set -- $(route_get "-$1" route get "$2")
  while [ "$#" -gt 1 ]; do
    if [ "$1" = src ]; then
      if is_usable "$2"; then printf '%s' "$2"; fi
      return 0
    fi
    shift
  done
}

# The kernel's tables hold IPv4 addresses as words of the machine: bytes turned round.
turned() {
  left=$1 right=''
  while [ -n "$left" ]; do
    right=\${left%"\${left#??}"}$right
    left=\${left#??}
  done
  printf '%d' "0x$right"
}

number_of() {
  a=\${1%%.*} b=\${1#*.} c=\${1#*.*.} d=\${1##*.}
  printf '%d' "$(((a << 24) + (\${b%%.*} << 16) + (\${c%%.*} << 8) + d))"
}

# Without ip: the address of the interface of the default route, from the kernel's tables.
table_v4() {
  if [ ! -r /proc/net/route ] || [ ! -r /proc/net/fib_trie ]; then return 0; fi
  device='' best=0
  while read -r name target _ flags _ _ metric mask _; do
    case "$target $mask $flags" in
      '00000000 00000000 '*[13579bdfBDF]) ;;
      *) continue ;;
    esac
    if [ -z "$device" ] || [ "$metric" -lt "$best" ]; then device=$name best=$metric; fi
  done </proc/net/route
  networks=''
  while read -r name target gateway _ _ _ _ mask _; do
    if [ "$name" != "$device" ] || [ "$gateway" != 00000000 ] || [ "$mask" = 00000000 ]; then continue; fi
    networks="$networks $(turned "$target")/$(turned "$mask")"
  done </proc/net/route
  last=''
  while read -r one two three _; do
    if [ "$one" = '|--' ]; then last=$two; fi
    if [ "$one $two $three" != '/32 host LOCAL' ] || ! is_usable "$last"; then continue; fi
    for network in $networks; do
      if [ "$(($(number_of "$last") & \${network#*/}))" -eq "\${network%/*}" ]; then
        printf '%s' "$last"
        return 0
      fi
    done
  done </proc/net/fib_trie
}

# 32 hexadecimal digits, as RFC 5952 writes the address.
short_v6() {
  left=$1 groups='' at=0 run=0 best=0 end=0
  while [ -n "$left" ]; do
    group=\${left%"\${left#????}"}
    left=\${left#????}
    group=\${group#0} group=\${group#0} group=\${group#0}
    groups="$groups $group"
    at=$((at + 1))
    if [ "$group" = 0 ]; then run=$((run + 1)); else run=0; fi
    if [ "$run" -gt "$best" ]; then best=$run end=$at; fi
  done
  if [ "$best" -lt 2 ]; then best=0 end=0; fi
  out='' at=0
  for group in $groups; do
    at=$((at + 1))
    if [ "$at" -gt "$((end - best))" ] && [ "$at" -le "$end" ]; then
      if [ "$at" -eq "$end" ]; then out=$out::; fi
      continue
    fi
    case $out in
      '' | *::) out=$out$group ;;
      *) out=$out:$group ;;
    esac
  done
  printf '%s' "$out"
}

table_v6() {
  if [ ! -r /proc/net/ipv6_route ] || [ ! -r /proc/net/if_inet6 ]; then return 0; fi
  device='' best=0
  while read -r target width _ _ _ metric _ _ flags name; do
    if [ "$target$width" != 0000000000000000000000000000000000 ] || [ "$name" = lo ]; then continue; fi
    if [ "$((0x$flags & 0x201))" -ne 1 ]; then continue; fi
    if [ -z "$device" ] || [ "$((0x$metric))" -lt "$best" ]; then device=$name best=$((0x$metric)); fi
  done </proc/net/ipv6_route
  while read -r hex _ _ scope flags name; do
    # Neither temporary, deprecated, doubled nor tentative.
    if [ "$name" != "$device" ] || [ "$scope" != 00 ] || [ "$((0x$flags & 0x69))" -ne 0 ]; then continue; fi
    short_v6 "$hex"
    return 0
  done </proc/net/if_inet6
}

find_addresses() {
  v4='' v6=''
  if [ -n "\${HANDSPEGEL_NODE_IP:-}" ]; then
    IFS=', '
    for address in $HANDSPEGEL_NODE_IP; do
      address=\${address#[} address=\${address%]}
      case $address in
        *[!0-9A-Fa-f.:]*) fail "no address: $address" ;;
        *:*) v6=\${v6:-$address} ;;
        *) v4=\${v4:-$address} ;;
      esac
    done
    IFS=' 	
'
    return 0
  fi
  if command -v ip >/dev/null 2>&1 || busybox ip link >/dev/null 2>&1; then
    # Addresses for documentation: the routing table is asked, and nothing is sent.
    v4=$(source_to 4 192.0.2.1)
    v6=$(source_to 6 2001:db8::1)
    for address in $control_plane; do
      if [ -n "$v4$v6" ]; then break; fi
      case $address in
        *:*) v6=$(source_to 6 "$address") ;;
        *) v4=$(source_to 4 "$address") ;;
      esac
    done
  else
    v4=$(table_v4)
    v6=$(table_v6)
  fi
}
`;

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

/** One request to each mirror at the same time; who is silent for 500 ms, or answers with a web page, is left out. */
export const probePart = `newline='
'
blocks=''

request() { # URL FILE: leaves FILE.done when it has come to an end
  unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
  child=''
  trap 'kill "$child" 2>/dev/null || :; exit 0' TERM
  case $asker in
    curl)
      curl -gsL --max-redirs 9 -o "$2.body" -w '%{http_code} %{content_type}' "$1" >"$2.head" 2>/dev/null &
      ;;
    wget) wget -q -O "$2.body" "$1" >/dev/null 2>&1 & ;;
    bash)
      # shellcheck disable=SC2016
      bash -c '
        rest=\${1#http://} authority=\${rest%%/*} host=$authority port=80
        case $authority in *]) ;; *:*) host=\${authority%:*} port=\${authority##*:} ;; esac
        host=\${host#[} host=\${host%]}
        exec 3<>"/dev/tcp/$host/$port" || exit 1
        printf "GET /%s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "\${rest#*/}" "$authority" >&3
        IFS= read -r line <&3
        while IFS= read -r header <&3 && [ -n "\${header%?}" ]; do :; done
        cat <&3 >"$2"
        case $line in HTTP/*" 200"*) exit 0 ;; esac
        exit 1' probe "$1" "$2.body" >/dev/null 2>&1 &
      ;;
  esac
  child=$!
  if wait "$child"; then : >"$2.done"; else printf 'failed' >"$2.done"; fi
}

ask() { # URL PROBE
  case $asked in *"$newline$1$newline"*) return 0 ;; esac
  case "$asker $2" in
    *' ' | 'bash https:'*) return 0 ;;
  esac
  asked=$asked$1$newline
  count=$((count + 1))
  request "$2" "$work/ask.$count" &
  pids="$pids $!"
}

find_asker() {
  for asker in curl wget bash; do
    if command -v "$asker" >/dev/null 2>&1; then return 0; fi
  done
  asker=''
  say 'neither curl, wget nor bash: no mirror is probed'
  return 1
}

is_page() { # FILE
  if [ -r "$1.head" ]; then
    case $(cat "$1.head") in
      '200 '*[tT][eE][xX][tT]/[hH][tT][mM][lL]*) return 0 ;;
      '200 '*) ;;
      *) return 1 ;;
    esac
  elif [ -s "$1.done" ]; then
    return 1
  fi
  if [ ! -r "$1.body" ]; then return 1; fi
  while IFS= read -r line || [ -n "$line" ]; do
    line=\${line#"\${line%%[! 	]*}"}
    case $line in
      '' | '<!--'*) ;;
      '<'[hH][tT][mM][lL]* | '<!'[dD][oO][cC][tT][yY][pP][eE]* | '<'[hH][eE][aA][dD]*) return 0 ;;
      *) return 1 ;;
    esac
  done <"$1.body"
  return 1
}

# Waits for all answers, 500 ms at most.
settle() {
  turn=0
  while [ "$turn" -lt 5 ]; do
    number=1
    while [ "$number" -le "$count" ] && [ -e "$work/ask.$number.done" ]; do number=$((number + 1)); done
    if [ "$number" -gt "$count" ]; then break; fi
    sleep 0.1 2>/dev/null || {
      sleep 1
      turn=5
    }
    turn=$((turn + 1))
  done
  for pid in $pids; do kill "$pid" 2>/dev/null || :; done
  number=0 rest=\${asked#"$newline"}
  while [ -n "$rest" ]; do
    url=\${rest%%"$newline"*}
    rest=\${rest#*"$newline"}
    number=$((number + 1))
    if [ ! -e "$work/ask.$number.done" ]; then
      say "$url is silent: left out"
    elif is_page "$work/ask.$number"; then
      say "$url answers with a web page: left out"
    else
      continue
    fi
    silent=$silent$url$newline
  done
}

mirror() { # URL PROBE WORD TABLE
  if [ "$mode" = ask ]; then
    ask "$1" "$2"
    return 0
  fi
  case $silent in
    *"$newline$1$newline"*) without=$without\${without:+,}$3 ;;
    *) blocks=$blocks\${blocks:+$newline}$4 ;;
  esac
}

probed() { # TOP ALONE [TEXT]: TEXT as long as no mirror is left out
  if [ -z "$without" ] && [ "$#" -eq 3 ]; then
    hosts "$3"
  elif [ -z "$blocks" ]; then
    hosts "$2"
  else
    hosts "$1\${1:+$newline}$blocks"
  fi
  blocks=''
}
`;
