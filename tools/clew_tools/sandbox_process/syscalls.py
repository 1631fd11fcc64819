"""Which system calls may the code in the sandbox make, by name and architecture?

An allow-list: what is not named, and what a later kernel adds, is refused. Left out on purpose:
sockets, new processes and programs, other processes (ptrace, process_vm_*, pidfd_*), shared
memory (shm*, msg*, sem*, mq_*, memfd_create), io_uring, userfaultfd, bpf, perf_event_open, keys,
namespaces and mounts, links, device nodes, owners and extended attributes, clocks, priorities.

Source: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

# name, its number on x86_64, its number on aarch64 (- where it has none).
_ALLOWED = """
read 0 63 · write 1 64 · readv 19 65 · writev 20 66 · pread64 17 67 · pwrite64 18 68
preadv 295 69 · pwritev 296 70 · preadv2 327 286 · pwritev2 328 287 · open 2 - · openat 257 56
close 3 57 · close_range 436 436 · fstat 5 80 · stat 4 - · lstat 6 - · newfstatat 262 79
statx 332 291 · lseek 8 62 · mmap 9 222 · mprotect 10 226 · munmap 11 215 · brk 12 214
mremap 25 216 · madvise 28 233 · mincore 27 232 · msync 26 227 · rt_sigaction 13 134
rt_sigprocmask 14 135 · rt_sigreturn 15 139 · rt_sigpending 127 136 · rt_sigtimedwait 128 137
rt_sigsuspend 130 133 · sigaltstack 131 132 · access 21 - · faccessat 269 48 · faccessat2 439 439
pipe 22 - · pipe2 293 59 · select 23 - · pselect6 270 72 · poll 7 - · ppoll 271 73
epoll_create 213 - · epoll_create1 291 20 · epoll_ctl 233 21 · epoll_wait 232 -
epoll_pwait 281 22 · epoll_pwait2 441 441 · eventfd2 290 19 · sched_yield 24 124
sched_getaffinity 204 123 · sched_getparam 143 121 · sched_getscheduler 145 120
sched_get_priority_max 146 125 · sched_get_priority_min 147 126 · dup 32 23 · dup2 33 -
dup3 292 24 · nanosleep 35 101 · clock_nanosleep 230 115 · clock_gettime 228 113
clock_getres 229 114 · gettimeofday 96 169 · time 201 - · times 100 153 · getitimer 36 102
setitimer 38 103 · alarm 37 - · pause 34 - · getpid 39 172 · getppid 110 173 · gettid 186 178
getuid 102 174 · geteuid 107 175 · getgid 104 176 · getegid 108 177 · getresuid 118 148
getresgid 120 150 · getgroups 115 158 · getpgrp 111 - · getcwd 79 17 · chdir 80 49 · fchdir 81 50
mkdir 83 - · mkdirat 258 34 · rmdir 84 - · rename 82 - · renameat 264 38 · renameat2 316 276
unlink 87 - · unlinkat 263 35 · readlink 89 - · readlinkat 267 78 · ftruncate 77 46
fallocate 285 47 · fsync 74 82 · fdatasync 75 83 · sync_file_range 277 84 · fadvise64 221 223
flock 73 32 · getdents64 217 61 · getdents 78 - · statfs 137 43 · fstatfs 138 44 · umask 95 166
getrandom 318 278 · futex 202 98 · futex_waitv 449 449 · set_robust_list 273 99
get_robust_list 274 100 · rseq 334 293 · set_tid_address 218 96 · arch_prctl 158 - · exit 60 93
exit_group 231 94 · restart_syscall 219 128 · getrlimit 97 163 · getrusage 98 165 · sysinfo 99 179
uname 63 160 · getcpu 309 168 · membarrier 324 283 · copy_file_range 326 285 · sendfile 40 71
splice 275 76 · tee 276 77
"""

# Done for nothing, with success: copying a file in the scratch folder ends in them, and they
# would reach files that Landlock does not hold.
_WITHOUT_EFFECT = """
chmod 90 - · fchmod 91 52 · fchmodat 268 53 · utime 132 - · utimes 235 - · futimesat 261 -
utimensat 280 88
"""

# Let through or refused by their arguments.
_BY_ARGUMENT = """
ioctl 16 29 · fcntl 72 25 · clone 56 220 · clone3 435 435 · prlimit64 302 261 · prctl 157 167
kill 62 129 · tgkill 234 131
"""

# For setting up the walls, never for the code.
_OF_THE_WALLS = "seccomp 317 277 · capset 126 91 · pivot_root 155 41"

# As the kernel's audit names them: with them begins every filter.
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def _numbers(table: str, machine: str) -> dict[str, int]:
    column = {"x86_64": 1, "aarch64": 2}[machine]
    rows = (row.split() for line in table.split("\n") for row in line.split("·") if row.strip())
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def allowed(machine: str) -> dict[str, int]:
    """List what is let through whatever its arguments are."""
    return _numbers(_ALLOWED, machine)


def without_effect(machine: str) -> dict[str, int]:
    """List what answers with success and does nothing."""
    return _numbers(_WITHOUT_EFFECT, machine)


def by_argument(machine: str) -> dict[str, int]:
    """List what is let through with some arguments only."""
    return _numbers(_BY_ARGUMENT, machine)


def of_the_walls(machine: str) -> dict[str, int]:
    """List what the walls themselves are made with."""
    return _numbers(_OF_THE_WALLS, machine)
