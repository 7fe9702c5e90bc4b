#!/bin/sh
# Takes out of a venv what no scope runs: tests, headers, static libraries, natives of other platforms.
set -eu

site=$1
find "$site" -depth -type d \( -name tests -o -name testing \) \
    \( -path '*/pandas/tests' -o -path '*/pyarrow/tests' -o -path '*/numba/tests' -o -path '*/numba/*/tests' \
    -o -path '*/numpy/*tests' -o -path '*/shapely/tests' -o -path '*/pyogrio/tests' -o -path '*/matplotlib/tests' \
    -o -path '*/mpl_toolkits/*/tests' -o -path '*/tornado/test' -o -path '*/psutil/tests' \
    -o -path '*/pyspark/*/tests' -o -path '*/llvmlite/tests' \) -exec rm -rf {} +
rm -rf "$site"/pyarrow/include "$site"/pyarrow/src "$site"/numpy/_core/include "$site"/numba/cuda/tests \
    "$site"/tornado/test "$site"/pyspark/examples "$site"/pyspark/licenses "$site"/jedi/third_party/django-stubs \
    "$site"/pip "$site"/pip-*.dist-info "$site"/setuptools "$site"/setuptools-*.dist-info \
    "$site"/matplotlib/mpl-data/sample_data "$site"/fontTools/ufoLib
find "$site" \( -name '*.a' -o -name '*.pyx' -o -name '*.pxd' \) -delete
rm -f "$site"/pyspark/jars/netty-*-osx-*.jar "$site"/pyspark/jars/netty-*-windows-*.jar \
    "$site"/pyspark/jars/netty-*-linux-riscv64.jar "$site"/pyspark/jars/netty-transport-classes-kqueue-*.jar
