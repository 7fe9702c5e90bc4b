"""The system calls that a scope may make: what programs need, and nothing for which root is needed.

The engine's default allows sockets of nearly every family; of those a scope needs four. `vsock`
above all would lead out: it knows no network namespaces, and on a virtual machine the hypervisor
listens there.
"""

from __future__ import annotations

import json
from typing import Any, Final

FILES: Final = """
access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 epoll_create
epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 faccessat faccessat2
fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr
flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents
getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown
lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat memfd_create mkdir
mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 poll ppoll pread64 preadv preadv2
pselect6 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename
renameat renameat2 rmdir select sendfile setxattr splice stat statfs statx symlink symlinkat sync
sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write
writev
"""
MEMORY: Final = """
brk madvise membarrier mincore mlock mlock2 mlockall mmap mprotect mremap mseal msync munlock
munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
"""
PROCESSES: Final = """
arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait
futex_waitv futex_wake get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups
getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid
getuid ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self
map_shadow_stack pidfd_open pidfd_send_signal prctl prlimit64 process_mrelease
rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam
sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid
setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid setrlimit
setsid setuid sysinfo uname vfork wait4 waitid
"""
SIGNALS: Final = """
alarm kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd signalfd4 tgkill
tkill
"""
TIME: Final = """
adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep
setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_settime
timerfd_create timerfd_gettime timerfd_settime times
"""
MESSAGES: Final = """
accept accept4 bind connect getpeername getrandom getsockname getsockopt io_cancel io_destroy
io_getevents io_pgetevents io_setup io_submit listen mq_getsetattr mq_notify mq_open
mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg
semctl semget semop semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget
shutdown socketpair
"""
ALLOWED: Final = (FILES, MEMORY, PROCESSES, SIGNALS, TIME, MESSAGES)
FAMILIES: Final = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16}
NEW_NAMESPACES: Final = 0x7E020000
"""Every CLONE_NEW flag of `clone`, whose flags can be looked at; those of `clone3` cannot."""
PERSONALITIES: Final = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Linux as it is, and the question which it is."""
ENOSYS: Final = 38


def profile() -> str:
    """The profile as the engine takes it; without architectures it holds for the native one only.

    The others would be side doors: their calls have other numbers and arguments.
    """
    rules = [
        _rule([name for group in ALLOWED for name in group.split()]),
        *(_rule(["socket"], _argument(number)) for number in FAMILIES.values()),
        *(_rule(["personality"], _argument(kind)) for kind in PERSONALITIES),
        _rule(["clone"], {**_argument(NEW_NAMESPACES), "op": "SCMP_CMP_MASKED_EQ", "valueTwo": 0}),
        # The C library then falls back to `clone`.
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS},
    ]
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules})


def _rule(names: list[str], *arguments: dict[str, Any]) -> dict[str, Any]:
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(arguments)}


def _argument(value: int) -> dict[str, Any]:
    return {"index": 0, "value": value, "op": "SCMP_CMP_EQ"}
