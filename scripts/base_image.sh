#!/usr/bin/env bash
# Makes the tag that sandbox/Dockerfile starts from: present, else pulled, else built from Debian's packages.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly SUITE=bookworm
readonly TAG="debian:$SUITE-slim"
readonly PULL_DEADLINE_S="${PULL_DEADLINE_S:-45}"

say() { printf 'base image: %s\n' "$*" >&2; }

present() { docker image inspect "$TAG" >/dev/null 2>&1; }

# The mirrors this machine already uses, by how their address ends: `debian`, `debian-security`.
mirror_of_host() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        awk '$1 == "URIs:" { print $2 } $1 == "deb" { print ($2 ~ /^\[/) ? $4 : $2 }' |
        grep -E "^https?://[^ ]+/$1/?\$" | head -n 1 || true
}

suites() {
    local main security
    main=$(awk '$1 == "deb" { print $2; exit }' "$1/etc/apt/sources.list")
    security=$(mirror_of_host debian-security)
    printf 'deb %s %s main\n' "$main" "$SUITE" "$main" "$SUITE-updates"
    [[ -z $security ]] || printf 'deb %s %s main\n' "$security" "$SUITE-security"
}

bootstrap() {
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        say "$TAG is not here and no image registry answers; as root on Debian this script makes it with debootstrap."
        exit 1
    fi
    scripts/apt_install.sh debootstrap
    local root mirror
    root=$(mktemp -d "${TMPDIR:-/tmp}/geoscope-base.XXXXXX")
    trap "rm -rf '$root' '$root.log'" EXIT
    mirror=$(mirror_of_host debian)
    say "no registry answers: debootstrap $SUITE (half a minute)"
    debootstrap --variant=minbase --force-check-gpg "$SUITE" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 </dev/null || {
        tail -n 20 "$root.log" >&2
        say "debootstrap failed; its end is above"
        exit 1
    }
    rm -f "$root.log"
    suites "$root" >"$root/sources"
    mv "$root/sources" "$root/etc/apt/sources.list"
    slim "$root"
    tar -C "$root" --numeric-owner -c . | docker import --change 'CMD ["bash"]' - "$TAG" >/dev/null
}

slim() {
    rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/*
    rm -rf "$1"/usr/share/{doc,man,info,locale,lintian}/*
    {
        printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian
        printf 'path-include /usr/share/doc/*/copyright\n'
    } >"$1/etc/dpkg/dpkg.cfg.d/slim"
}

if ! present; then
    say "pulling $TAG"
    timeout "$PULL_DEADLINE_S" docker pull -q "$TAG" >/dev/null 2>&1 </dev/null || bootstrap
fi
say "$TAG is $(docker image inspect --format '{{.Id}}' "$TAG" | cut -c8-19)"
