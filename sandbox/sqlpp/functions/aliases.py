"""Second names of functions, exactly as callers may write them, in any case."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_TABLE: Final = """
ceil=ceiling length=string-length lower=lowercase upper=uppercase title=initcap substr=substring
pos=position pos0=position position0=position pos1=position1
substr0=substring substring0=substring substr1=substring1
regex_contains=matches contains_regex=matches regexp_contains=matches contains_regexp=matches
regex_like=regexp-like regex_replace=regexp-replace regex_matches=regexp-matches
regex_split=regexp-split
regex_pos=regexp-position regex_position=regexp-position regex_pos0=regexp-position
regex_position0=regexp-position regexp_pos=regexp-position regexp_pos0=regexp-position
regexp_position0=regexp-position
regex_pos1=regexp-position1 regex_position1=regexp-position1 regexp_pos1=regexp-position1
tinyint=int8 smallint=int16 integer=int32 int=int32 bigint=int64
gettype=get-type isnull=is-null ismissing=is-missing isunknown=is-unknown
isatomic=is-atomic isatom=is-atomic is_atom=is-atomic
isboolean=is-boolean isbool=is-boolean is_bool=is-boolean
isbinary=is-binary isbin=is-binary is_bin=is-binary
isdate=is-date isdatetime=is-datetime istimestamp=is-datetime is_timestamp=is-datetime
istime=is-time isduration=is-duration isinterval=is-interval istemporal=is-temporal isuuid=is-uuid
ispoint=is-point isline=is-line isrectangle=is-rectangle iscircle=is-circle ispolygon=is-polygon
isspatial=is-spatial isnumber=is-number isnum=is-number is_num=is-number
isstring=is-string isstr=is-string is_str=is-string
isarray=is-array ismultiset=is-multiset isobject=is-object isobj=is-object is_obj=is-object
ifmissing=if-missing ifnull=if-null ifmissingornull=if-missing-or-null coalesce=if-missing-or-null
ifinf=if-inf ifnan=if-nan ifnanorinf=if-nan-or-inf
missingif=missing-if nullif=null-if nanif=nan-if posinfif=posinf-if neginfif=neginf-if
toarray=to-array toatomic=to-atomic toatom=to-atomic to_atom=to-atomic
toboolean=to-boolean tobool=to-boolean to_bool=to-boolean tobigint=to-bigint todouble=to-double
tostring=to-string tostr=to-string to_str=to-string
tonumber=to-number tonum=to-number to_num=to-number
toobject=to-object toobj=to-object to_obj=to-object
record-merge=object-merge record-concat=object-concat record-get-fields=get-object-fields
record-get-field-value=get-object-field-value record-add-fields=object-add-fields
record-remove-fields=object-remove-fields
array_length=len
"""

ALIASES: Final = MappingProxyType(dict(pair.split("=") for pair in _TABLE.split()))
