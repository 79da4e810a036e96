/**
 * What every script begins with: words to people. All parts are POSIX sh, nothing but built-ins, mkdir, mv,
 * rm, rmdir, ln, tail and something that knows SHA-256, and run under `sh -eu` too.
 */
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
`;

/** What marker lines need. */
export const hashPart = `# The SHA-256 of what comes in; nothing where it cannot be had.
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
`;
