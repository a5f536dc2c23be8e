# Sourced by run and shell: the QEMU command line, and files without names.
# shellcheck shell=bash

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# open_unlinked FD: opens FD on an empty file that has no name any more, so
# that nothing is left behind however this process ends.
open_unlinked() {
    local file status=0
    file=$(mktemp) || return
    eval "exec $1<>\"\$file\"" || status=1
    rm -f "$file"
    return "$status"
}

# qemu_args DIR APPEND...: sets the array $qemu. DIR, if not empty, becomes
# the guest's /payload by way of a tar archive in fd 4, its second disk.
qemu_args() {
    local dir=$1 image
    shift
    image=$("$vm/image") || return
    # Without cmpxchg16b: QEMU 7.2's emulation of it corrupts flags and kernels
    # die at random. One thread for both CPUs: with one each, the kernel died in
    # code that it had just patched (README.md, Learned). Its disk is NVMe, as virtio_blk is a module and there is
    # no initrd; the only NVMe, as their order is random. Its snapshot goes to
    # a file without a name. Mitigations
    # against speculation make no sense in an emulator and slow it down.
    # shellcheck disable=SC2054 # QEMU wants these commas
    qemu=(qemu-system-x86_64 -nodefaults -display none -machine pc
        -accel tcg,thread=single -cpu "Nehalem,-cx16"
        -smp 2 -m 2048 -nic none
        -kernel "$image/vmlinuz"
        -append "root=/dev/nvme0n1 rootwait rw fsck.mode=skip console=ttyS0 panic=-1 TERM=dumb mitigations=off $*"
        -device virtio-rng-pci
        -drive "if=none,id=root,format=raw,snapshot=on,file=$image/root.ext4"
        -device nvme,serial=root,drive=root)
    if [ -n "$dir" ]; then
        open_unlinked 4 || return
        tar -C "$dir" --owner=0 --group=0 --numeric-owner -cf - . >&4 || return
        local options=if=none,id=payload,format=raw,read-only=on,file.locking=off
        options+=,file.driver=file,file.filename=/proc/self/fd/4
        qemu+=(-drive "$options" -device "virtio-blk-pci,drive=payload")
    fi
}
