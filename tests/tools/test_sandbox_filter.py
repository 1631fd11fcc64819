"""Does the filter of system calls decide as it is meant to, on both architectures?"""

import errno

import pytest

from clew_tools.sandbox_process import seccomp, syscalls

PID = 7
ALLOW, KILL, PRETEND = 0x7FFF0000, 0x80000000, 0x00050000
REFUSE, ABSENT = PRETEND | errno.EPERM, PRETEND | errno.ENOSYS
MACHINES = ["x86_64", "aarch64"]

# What must be refused: number on x86_64, number on aarch64.
FORBIDDEN = """
socket 41 198 · connect 42 203 · socketpair 53 199 · sendto 44 206 · execve 59 221
execveat 322 281 · ptrace 101 117 · process_vm_readv 310 270 · process_vm_writev 311 271
pidfd_open 434 434 · pidfd_getfd 438 438 · pidfd_send_signal 424 424 · unshare 272 97
setns 308 268 · mount 165 40 · umount2 166 39 · pivot_root 155 41 · chroot 161 51
shmget 29 194 · shmat 30 196 · msgget 68 186 · semget 64 190 · mq_open 240 180
memfd_create 319 279 · io_uring_setup 425 425 · io_setup 206 0 · userfaultfd 323 282
bpf 321 280 · perf_event_open 298 241 · keyctl 250 219 · add_key 248 217 · seccomp 317 277
setuid 105 146 · setresuid 117 147 · setgroups 116 159 · capset 126 91 · setrlimit 160 164
symlinkat 266 36 · linkat 265 37 · mknodat 259 33 · fchownat 260 54 · setxattr 188 5
truncate 76 45 · tkill 200 130 · rt_sigqueueinfo 129 138 · setsid 112 157 · setpgid 109 154
setpriority 141 140 · sched_setaffinity 203 122 · timer_create 222 107 · personality 135 92
reboot 169 142 · kexec_load 246 104 · finit_module 313 273 · open_by_handle_at 304 265
name_to_handle_at 303 264 · inotify_init1 294 26 · fanotify_init 300 262 · syslog 103 116
settimeofday 164 170 · clock_settime 227 112 · vmsplice 278 75 · kcmp 312 272
mount_setattr 442 442 · fsopen 430 430 · open_tree 428 428 · landlock_create_ruleset 444 444
memfd_secret 447 447 · process_madvise 440 440 · fchmodat2 452 452 · unheard_of 999 999
"""


def decide(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """Run the filter as the kernel would; give what it returns."""
    steps = seccomp.program(machine, PID)
    data = {0: number, 4: syscalls.AUDIT_ARCH[machine] if arch is None else arch}
    for place in range(6):
        value = (arguments[place] if place < len(arguments) else 0) % (1 << 64)
        data[16 + 8 * place], data[20 + 8 * place] = value & 0xFFFFFFFF, value >> 32
    register, at = 0, 0
    while True:
        code, if_true, if_false, constant = steps[at]
        at += 1
        if code == 0x20:
            register = data[constant]
        elif code == 0x54:
            register &= constant
        elif code == 0x15:
            at += if_true if register == constant else if_false
        elif code == 0x35:
            at += if_true if register >= constant else if_false
        else:
            assert code == 0x06
            return constant


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_would_take_the_filter(machine: str) -> None:
    steps = seccomp.program(machine, PID)
    assert len(steps) < 4096 and steps[-1][0] == 0x06
    for at, (code, if_true, if_false, _) in enumerate(steps):
        assert code in (0x20, 0x15, 0x35, 0x54, 0x06)
        assert max(if_true, if_false) < 256
        assert code == 0x06 or at + 1 + max(if_true, if_false) < len(steps)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_let_through_and_nothing_else(machine: str) -> None:
    known = {
        **dict.fromkeys(syscalls.allowed(machine).values(), ALLOW),
        **dict.fromkeys(syscalls.without_effect(machine).values(), PRETEND),
        syscalls.by_argument(machine)["clone3"]: ABSENT,
    }
    for number in range(1000):
        if number not in syscalls.by_argument(machine).values():
            assert decide(machine, number) == known.get(number, REFUSE), number
    for number, decision in known.items():
        assert decide(machine, number, *([0xFFFFFFFF] * 6)) == decision


@pytest.mark.parametrize("machine", MACHINES)
def test_what_leads_out_is_refused(machine: str) -> None:
    rows = [row.split() for line in FORBIDDEN.split("\n") for row in line.split("·") if row.strip()]
    assert len(rows) > 70
    column = 1 + MACHINES.index(machine)
    through = [row[0] for row in rows if decide(machine, int(row[column])) != REFUSE]
    assert through == []


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "decision"),
    [
        ("clone", (0x3D0F00,), ALLOW),  # glibc's thread
        ("clone", (17,), REFUSE),  # fork
        ("clone", (0x10000 | 0x10000000,), REFUSE),  # a thread in a new user namespace
        ("clone", (0x4111,), REFUSE),  # vfork
        ("kill", (PID, 9), ALLOW),
        ("kill", (0, 9), REFUSE),
        ("kill", (-1, 9), REFUSE),
        ("kill", (PID + 1, 9), REFUSE),
        ("tgkill", (PID, 1, 9), ALLOW),
        ("tgkill", (PID + 1, 1, 9), REFUSE),
        ("prlimit64", (0, 7, 0, 1), ALLOW),
        ("prlimit64", (0, 7, 1, 0), REFUSE),
        ("prlimit64", (0, 7, 1 << 32, 0), REFUSE),
        ("prlimit64", (1, 7, 0, 1), REFUSE),
        ("ioctl", (1, 0x5401), ALLOW),
        ("ioctl", (1, 0x5412), REFUSE),  # TIOCSTI
        ("fcntl", (1, 2, 1), ALLOW),
        ("fcntl", (1, 8, 1), REFUSE),  # F_SETOWN
        ("fcntl", (1, 1024, 1), REFUSE),  # F_SETLEASE
        ("prctl", (15, 1), ALLOW),
        ("prctl", (1, 0), REFUSE),  # PR_SET_PDEATHSIG
        ("prctl", (4, 1), REFUSE),  # PR_SET_DUMPABLE
        ("prctl", (22, 2), REFUSE),  # PR_SET_SECCOMP
    ],
)
def test_arguments_decide(
    machine: str, name: str, arguments: tuple[int, ...], decision: int
) -> None:
    number = syscalls.by_argument(machine)[name]
    assert decide(machine, number, *arguments) == decision


def test_another_architecture_s_numbers_kill() -> None:
    other = syscalls.AUDIT_ARCH
    assert decide("x86_64", 0, arch=0x40000003) == KILL
    assert decide("x86_64", 0, arch=other["aarch64"]) == KILL
    assert decide("x86_64", 0x40000000) == KILL
    assert decide("aarch64", 63, arch=0x40000028) == KILL
