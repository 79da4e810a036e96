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
