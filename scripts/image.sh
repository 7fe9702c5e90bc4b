#!/usr/bin/env bash
# Builds the sandbox image where its sources changed; prints its tag. The newest is also geoscope-sandbox:latest.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly NAME="${IMAGE_NAME:-geoscope-sandbox}"
readonly CERTS=sandbox/image/certs
readonly LOG="$PWD/.cache/image.log"
readonly DEADLINE_S="${BUILD_DEADLINE_S:-1800}"

say() { printf 'image: %s\n' "$*" >&2; }

content_hash() {
    # Contents and names only: neither times nor this machine's certificates belong to what the image is.
    find sandbox wire samples .dockerignore -type f -not -path '*/__pycache__/*' -not -path "$CERTS/*" \
        -not -path '*/target/*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12
}

copy_certificates() {
    # What the administrator added to this machine; else the bundle that its environment names.
    find "$CERTS" -name '*.crt' -delete
    local bundle="${SSL_CERT_FILE:-${PIP_CERT:-${REQUESTS_CA_BUNDLE:-}}}"
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        cp /usr/local/share/ca-certificates/*.crt "$CERTS/"
    elif [[ -n $bundle && -r $bundle ]]; then
        awk -v folder="$CERTS" '/BEGIN CERTIFICATE/ { n++ } n { print > (folder "/host-" n ".crt") }' "$bundle"
    fi
}

network_arguments() {
    local name
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL; do
        [[ -z ${!name:-} ]] || printf -- '--build-arg\n%s\n' "$name"
    done
}

build() {
    local tag=$1 arguments
    copy_certificates
    mapfile -t arguments < <(network_arguments)
    say "building $tag (minutes the first time, seconds afterwards)"
    if ! DOCKER_BUILDKIT=0 timeout "$DEADLINE_S" docker build --force-rm --network host "${arguments[@]}" \
        -f sandbox/Dockerfile -t "$tag" . </dev/null 2>&1 | tee "$LOG" | progress; then
        tail -n 40 "$LOG" >&2
        say "the build failed; its end is above, all of it in $LOG"
        exit 1
    fi
}

progress() {
    # Instructions without their length, and what our own steps say; at once, so no stage may keep a block for itself.
    sed -unE '/^Step |^class archive|^kernels/ s/^(.{0,110}).*/  \1/p' >&2
}

main() {
    mkdir -p .cache
    exec 8>.cache/image.lock
    flock -w "$DEADLINE_S" 8 || { say "another build holds .cache/image.lock"; exit 1; }
    local tag
    tag="$NAME:$(content_hash)"
    if ! docker image inspect "$tag" >/dev/null 2>&1; then
        scripts/base_image.sh
        build "$tag"
        docker tag "$tag" "$NAME:latest"
        scripts/image_prune.sh "$NAME" || say "old images could not be removed"
    fi
    docker tag "$tag" "$NAME:latest"
    say "$(docker image inspect --format "$tag, {{.Size}} bytes" "$tag")"
    printf '%s\n' "$tag"
}

main "$@"
