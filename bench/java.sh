# For scripts beside this: given the checkout's folder in $home, builds the module bench and defines bench, which runs one of
# its classes: bench CLASS [ARGUMENTS]. What is in $bench_flags goes to the JVM.
# shellcheck shell=sh disable=SC2154
classpath=$home/bench/target/classpath
(cd "$home" && ./mvnw -q -Dquick -DskipTests -pl bench -am package dependency:build-classpath \
    -Dmdep.outputFile=target/classpath -Dmdep.includeScope=runtime >&2)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
for jdk in ${JAVA_HOME:-} /usr/lib/jvm/*25*; do
    if [ -x "$jdk/bin/java" ]; then java=$jdk/bin/java; fi
done

bench() {
    # $bench_flags is several words.
    # shellcheck disable=SC2086
    "$java" --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector \
        --sun-misc-unsafe-memory-access=allow -Dorg.bytedeco.javacpp.nopointergc=true \
        -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 ${bench_flags:-} \
        -cp "$home/bench/target/classes:$(cat "$classpath")" "$@"
}
