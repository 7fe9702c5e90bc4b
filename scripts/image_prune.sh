#!/usr/bin/env bash
# Removes the images of an earlier `make image`: tags `<name>:<12 hex digits>`, but the newest two, and any that a container has.
set -euo pipefail

readonly NAME="${1:?the name of the images}"
readonly KEPT=2

by_age() {
    # Newest first. One that is gone meanwhile is no harm.
    local tag
    docker image ls --format '{{.Repository}}:{{.Tag}}' "$NAME" | { grep -E "^$NAME:[0-9a-f]{12}$" || true; } |
        while read -r tag; do
            docker image inspect --format "{{.Created}} $tag" "$tag" 2>/dev/null || true
        done | sort -r | cut -d' ' -f2
}

is_used() {
    # By its id: a container that was made from another tag of it counts, too.
    local id
    id=$(docker image inspect --format '{{.Id}}' "$1") || return 0
    [[ -n $(docker ps --all --quiet --filter "ancestor=$id") ]]
}

by_age | tail -n "+$((KEPT + 1))" | while read -r tag; do
    if is_used "$tag"; then
        printf 'image: %s is kept, a container has it\n' "$tag" >&2
    else
        docker image rm "$tag" >/dev/null && printf 'image: %s is removed, it is old\n' "$tag" >&2
    fi
done
