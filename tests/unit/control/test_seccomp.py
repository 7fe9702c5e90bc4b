from __future__ import annotations

import json
from typing import Any

import pytest

from control.engine.seccomp import ALLOWED, FAMILIES, profile

PROFILE: dict[str, Any] = json.loads(profile())
NAMES = [name for group in ALLOWED for name in group.split()]
FOR_ROOT = """
acct add_key bpf chroot delete_module fanotify_init finit_module fsconfig fsmount fsopen init_module
io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl
lookup_dcookie mbind mount mount_setattr move_mount nfsservctl open_by_handle_at open_tree
perf_event_open pidfd_getfd pivot_root process_madvise process_vm_readv process_vm_writev ptrace
quotactl reboot request_key setdomainname sethostname setns settimeofday swapoff swapon syslog
umount2 unshare userfaultfd vhangup
"""


def rules(name: str) -> list[dict[str, Any]]:
    return [rule for rule in PROFILE["syscalls"] if name in rule["names"]]


def test_what_is_not_named_is_refused() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"


@pytest.mark.parametrize("name", FOR_ROOT.split())
def test_it_does_not_allow(name: str) -> None:
    assert rules(name) == []


def test_sockets_are_of_four_families_only() -> None:
    allowed = [rule["args"] for rule in rules("socket")]

    assert sorted(FAMILIES.values()) == sorted(args[0]["value"] for args in allowed)
    assert {args[0]["op"] for args in allowed} == {"SCMP_CMP_EQ"}


def test_clone_makes_no_namespace() -> None:
    (rule,) = rules("clone")

    assert rule["args"][0] == {
        "index": 0,
        "value": 0x7E020000,
        "valueTwo": 0,
        "op": "SCMP_CMP_MASKED_EQ",
    }


def test_the_c_library_is_told_to_do_without_clone3() -> None:
    assert (rules("clone3")[0]["action"], rules("clone3")[0]["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_no_call_is_named_twice() -> None:
    assert len(NAMES) == len(set(NAMES))
