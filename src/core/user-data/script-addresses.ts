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
