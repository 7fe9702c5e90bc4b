"""Second names of functions, `-` between the words: the left one is what callers may write too."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_TABLE: Final = """
ceil=ceiling length=string-length lower=lowercase upper=uppercase title=initcap substr=substring
pos=position pos0=position position0=position pos1=position1
substr0=substring substring0=substring substr1=substring1
regex-contains=matches contains-regex=matches regexp-contains=matches contains-regexp=matches
regex-like=regexp-like regex-replace=regexp-replace regex-matches=regexp-matches
regex-split=regexp-split
regex-pos=regexp-position regex-position=regexp-position regex-pos0=regexp-position
regex-position0=regexp-position regexp-pos=regexp-position regexp-pos0=regexp-position
regexp-position0=regexp-position
regex-pos1=regexp-position1 regex-position1=regexp-position1 regexp-pos1=regexp-position1
tinyint=int8 smallint=int16 integer=int32 int=int32 bigint=int64
gettype=get-type isnull=is-null ismissing=is-missing isunknown=is-unknown
isatomic=is-atomic isatom=is-atomic is-atom=is-atomic
isboolean=is-boolean isbool=is-boolean is-bool=is-boolean
isbinary=is-binary isbin=is-binary is-bin=is-binary
isdate=is-date isdatetime=is-datetime istimestamp=is-datetime is-timestamp=is-datetime
istime=is-time isduration=is-duration isinterval=is-interval istemporal=is-temporal isuuid=is-uuid
isnumber=is-number isnum=is-number is-num=is-number
isstring=is-string isstr=is-string is-str=is-string
isarray=is-array ismultiset=is-multiset isobject=is-object isobj=is-object is-obj=is-object
ifmissing=if-missing ifnull=if-null ifmissingornull=if-missing-or-null coalesce=if-missing-or-null
ifinf=if-inf ifnan=if-nan ifnanorinf=if-nan-or-inf
missingif=missing-if nullif=null-if nanif=nan-if posinfif=posinf-if neginfif=neginf-if
toarray=to-array toatomic=to-atomic toatom=to-atomic to-atom=to-atomic
toboolean=to-boolean tobool=to-boolean to-bool=to-boolean tobigint=to-bigint todouble=to-double
tostring=to-string tostr=to-string to-str=to-string
tonumber=to-number tonum=to-number to-num=to-number
toobject=to-object toobj=to-object to-obj=to-object
record-merge=object-merge record-concat=object-concat record-get-fields=get-object-fields
record-get-field-value=get-object-field-value record-add-fields=object-add-fields
record-remove-fields=object-remove-fields
array-length=len
"""

ALIASES: Final = MappingProxyType(dict(pair.split("=") for pair in _TABLE.split()))
