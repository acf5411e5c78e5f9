#!/usr/bin/env bash
# Makes .venv/ of this checkout ready: system packages, Python packages with their hashes, the checkout itself.
#
#   installer/setup.sh            what the program and its tests need
#   installer/setup.sh --freeze   and what freezing needs
#   installer/setup.sh --long     and what the long suites need: freezing, a screen and a Chinese input method
#
# A second run finds its stamp and returns at once. PYTHON=/path/to/python3.12 picks another interpreter.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
VENV=$ROOT/.venv
STAMP=$VENV/jmdesk-setup
PYTHONS=(python3.11 python3.12 python3.13 python3)

say() { printf 'setup: %s\n' "$*" >&2; }

# ---- what the system must have ----------------------------------------------------------------------------------

# The libraries that Qt's wheels leave to the system, and the Debian and Ubuntu packages that carry them.
LIBRARIES='
libEGL.so.1             libegl1
libGL.so.1              libgl1
libX11.so.6             libx11-6
libX11-xcb.so.1         libx11-xcb1
libdbus-1.so.3          libdbus-1-3
libfontconfig.so.1      libfontconfig1
libfreetype.so.6        libfreetype6
libglib-2.0.so.0        libglib2.0-0
libgssapi_krb5.so.2     libgssapi-krb5-2
libxcb-cursor.so.0      libxcb-cursor0
libxcb-icccm.so.4       libxcb-icccm4
libxcb-image.so.0       libxcb-image0
libxcb-keysyms.so.1     libxcb-keysyms1
libxcb-randr.so.0       libxcb-randr0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0       libxcb-shape0
libxcb-xkb.so.1         libxcb-xkb1
libxkbcommon.so.0       libxkbcommon0
libxkbcommon-x11.so.0   libxkbcommon-x11-0
'

in_range() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; }
can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# The first Python of the right version; one that can make a virtual environment goes before one that cannot.
find_python() {
    local name second=""
    for name in ${PYTHON:+"$PYTHON"} "${PYTHONS[@]}"; do
        in_range "$name" || continue
        if can_make_venv "$name"; then
            command -v "$name"
            return
        fi
        second=${second:-$(command -v "$name")}
    done
    printf '%s' "$second"
}

packaged_python() {
    local version
    for version in 3.11 3.12 3.13; do
        if apt-cache show "python$version" >/dev/null 2>&1; then
            printf 'python%s python%s-venv' "$version" "$version"
            return
        fi
    done
    printf 'python3 python3-venv'
}

missing_packages() {
    local known soname package python
    known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
    while read -r soname package; do
        [[ -z $soname || $known == *"$soname "* ]] || echo "$package"
    done <<<"$LIBRARIES"
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || echo ca-certificates
    if ! command -v fc-list >/dev/null; then
        echo fontconfig fonts-noto-cjk
    elif [[ -z $(fc-list ':lang=zh-cn' family) ]]; then
        echo fonts-noto-cjk
    fi
    if [[ ${1:-} == --freeze || ${1:-} == --long ]]; then
        command -v objdump >/dev/null || echo binutils
    fi
    if [[ ${1:-} == --long ]]; then
        missing_for_typing
    fi
    python=$(find_python)
    if [[ -z $python ]]; then
        packaged_python
    elif ! can_make_venv "$python"; then
        echo "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    elif [[ ${1:-} == --freeze || ${1:-} == --long ]]; then
        shared_library_package "$python"
    fi
}

# A screen without a screen, and what a clerk needs to type Chinese into it.
missing_for_typing() {
    local command package
    while read -r command package; do
        command -v "$command" >/dev/null || echo "$package"
    done <<'END'
xvfb-run xvfb
xauth xauth
dbus-run-session dbus
ibus-daemon ibus
xdotool xdotool
matchbox-window-manager matchbox-window-manager
END
    [[ -e /usr/share/ibus/component/libpinyin.xml ]] || echo ibus-libpinyin
}

# PyInstaller bundles libpython; Debian keeps it in a package of its own.
shared_library_package() {
    "$1" - <<'PY'
import ctypes, sys, sysconfig
name = f"libpython{sys.version_info[0]}.{sys.version_info[1]}"
try:
    ctypes.CDLL(sysconfig.get_config_var("LIBDIR") + f"/{name}.so.1.0")
except OSError:
    try:
        ctypes.CDLL(f"{name}.so.1.0")
    except OSError:
        print(name)
PY
}

install_system_packages() {
    local as_root=() wanted
    wanted=$(missing_packages "$@" | xargs)
    [[ -n $wanted ]] || return 0
    if ! command -v apt-get >/dev/null; then
        say "this system lacks what these Debian packages hold; install it and run this again: $wanted"
        exit 1
    fi
    if [[ $(id -u) != 0 ]]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            say "some system packages are missing and installing them needs the administrator. Run this, then try again:"
            say "    sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends $wanted'"
            exit 1
        fi
    fi
    "${as_root[@]}" apt-get -q=2 update
    wanted=$(missing_packages "$@" | xargs)  # a new machine knows no package before the update
    say "installing system packages: $wanted"
    # shellcheck disable=SC2086  # names of packages, without spaces
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q=2 install --no-install-recommends -o Dpkg::Use-Pty=0 \
        $wanted >/dev/null
    wanted=$(missing_packages "$@" | xargs)
    if [[ -n $wanted ]]; then
        say "these are still missing after the installation: $wanted"
        exit 1
    fi
}

# ---- the virtual environment ------------------------------------------------------------------------------------

fingerprint() { printf '%s\n' "$ROOT" "${1:-}" && cat pyproject.toml requirements.lock installer/setup.sh | sha256sum; }

# Scripts of a virtual environment hold its path: one that was moved or copied along with the checkout is made anew.
venv_is_ours() { "$VENV/bin/python" -c '' 2>/dev/null && grep -qF -- "$VENV" "$VENV/bin/activate"; }

make_venv() {
    if ! venv_is_ours; then
        local python
        python=$(find_python)
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear "$VENV"
    fi
    say "installing the locked Python packages (a few minutes the first time)"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -r requirements.lock
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    "$VENV/bin/python" -m pip check >&2
}

main() {
    local wanted found=""
    wanted=$(fingerprint "$@")
    [[ ! -x $VENV/bin/jmdesk || ! -r $STAMP ]] || found=$(<"$STAMP")
    # The stamp of a larger set-up serves the plain one too: it has all of it.
    if [[ $found == "$wanted" || $found == "$(fingerprint --long)" ]] || [[ -z ${1:-} && $found == "$(fingerprint --freeze)" ]]; then
        return 0
    fi
    install_system_packages "$@"
    make_venv
    printf '%s\n' "$wanted" >"$STAMP"
    say "ready"
}

main "$@"
