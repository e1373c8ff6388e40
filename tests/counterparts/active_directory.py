"""The people and groups of the domain: each person is named after the state of the account, if after anything.

`active_directory.py SMB_CONF people` adds all but the one whose password has expired, whom `active_directory.py SMB_CONF expired`
adds under a clock of the past. Every password is NAME-Passw0rd.
"""

import sys
import time

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

# Nothing of an ordinary account.
ORDINARY = ["svc", "alice", "carol", "tessa", "nora", "locked", "disabled", "ended", "must-change", "hours", "elsewhere"]
GROUPS = {
    "staff": ["alice", "bob", "tessa"],
    "board": ["tessa"],
    "inner": ["alice"],
    "middle": ["inner"],
    "outer": ["middle"],
    "ring-a": ["carol", "ring-b"],
    "ring-b": ["ring-a"],
}
# Hundreds of nanoseconds since 1601.
IN_2016 = "131000000000000000"


def add(domain, name, **attributes):
    domain.newuser(name, f"{name}-Passw0rd", mailaddress=f"{name}@ad.test", **attributes)


def put(domain, name, attribute, value, controls=()):
    message = ldb.Message(ldb.Dn(domain, f"CN={name},CN=Users,{domain.domain_dn()}"))
    message[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, attribute)
    domain.modify(message, list(controls))


def people(domain):
    message = ldb.Message(ldb.Dn(domain, domain.domain_dn()))
    # Two wrong passwords are forgiven, and a password may be changed more than once a day.
    for attribute, value in [("lockoutThreshold", "3"), ("minPwdAge", "0")]:
        message[attribute] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, attribute)
    domain.modify(message)
    for name in ORDINARY:
        add(domain, name, force_password_change_at_next_login_req=name == "must-change")
    # Both are found by the login name, and their entries are named otherwise.
    add(domain, "bob", givenname="Bob (the)", surname="Builder*", useusernameascn=None)
    add(domain, "zoe", givenname="Zoë", surname="Zürn", useusernameascn=None)
    domain.disable_account("(sAMAccountName=disabled)")
    put(domain, "ended", "accountExpires", IN_2016)
    put(domain, "hours", "logonHours", bytes(21))
    put(domain, "elsewhere", "userWorkstations", "elsewhere")
    now = int((time.time() + 11644473600) * 10_000_000)
    # For as long as a run of the tests may take, and not for the usual half an hour.
    put(domain, "locked", "lockoutTime", str(now + 24 * 3600 * 10_000_000), ["relax:0"])
    for name in GROUPS:
        domain.newgroup(name)
    for name, members in GROUPS.items():
        domain.add_remove_group_members(name, members)


def expired(domain):
    add(domain, "expired")


parameters = LoadParm()
parameters.load(sys.argv[1])
domain = SamDB(session_info=system_session(parameters), lp=parameters)
{"people": people, "expired": expired}[sys.argv[2]](domain)
