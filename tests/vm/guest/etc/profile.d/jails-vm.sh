# A serial line does not know the size of the terminal at its other end.
if [ "$(tty)" = /dev/ttyS0 ]; then
    size=$(sed -n 's/.*jails\.size=\([0-9]*\)x\([0-9]*\).*/rows \1 cols \2/p' /proc/cmdline)
    # shellcheck disable=SC2086 # words on purpose
    [ -z "$size" ] || stty $size
    unset size
    [ ! -d /payload ] || cd /payload || true
fi
