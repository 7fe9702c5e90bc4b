#!/usr/bin/env bash
# Installs Debian packages that are missing; `apt_install.sh PACKAGE...`, as root. Says what to do where it cannot.
set -euo pipefail

missing=()
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
((${#missing[@]})) || exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    printf 'missing: %s. On Debian, as root: apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
options=(-qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
# The lists may be absent or too old to name what the mirror holds: refresh them only when they fail.
install() { apt-get "${options[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null; }
install 2>/dev/null || { apt-get "${options[@]}" update </dev/null >&2; install; }
