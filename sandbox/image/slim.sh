#!/bin/sh
# Takes out of a venv what no scope runs: tests, headers, stubs, Spark Connect's shell, natives of other platforms.
set -eu

site=$1
for package in pandas pyarrow numba numpy shapely pyogrio matplotlib mpl_toolkits psutil pyspark llvmlite tornado; do
    find "$site/$package" -depth -type d \( -name tests -o -name test \) -exec rm -rf {} +
done
rm -rf "$site"/pyarrow/include "$site"/pyarrow/src "$site"/numpy/_core/include \
    "$site"/pyspark/examples "$site"/pyspark/licenses "$site"/debugpy "$site"/debugpy-*.dist-info \
    "$site"/jedi/third_party/django-stubs "$site"/jedi/third_party/typeshed/stubs \
    "$site"/pip "$site"/pip-*.dist-info "$site"/setuptools "$site"/setuptools-*.dist-info \
    "$site"/matplotlib/mpl-data/sample_data
rm -f "${site%/lib/*}"/bin/pip*
find "$site" \( -name '*.a' -o -name '*.pyx' -o -name '*.pxd' \) -delete

# Jars of what a scope cannot have: other platforms, a Hive metastore, a Kubernetes cluster, Spark Connect's shell.
# hive-storage-api stays, ORC needs it.
cd "$site/pyspark/jars"
rm -rf connect-repl hive-jackson
rm -f netty-*-osx-*.jar netty-*-windows-*.jar netty-*-linux-riscv64.jar netty-transport-classes-kqueue-*.jar \
    spark-hive*.jar hive-[!s]*.jar hive-s[!t]*.jar datanucleus-*.jar derby-*.jar derbyshared-*.jar derbytools-*.jar \
    jdo-api-*.jar javax.jdo-*.jar spark-kubernetes*.jar kubernetes-*.jar vertx-*.jar zjsonpatch-*.jar
