package dev.orbifold.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Whether somebody watches standard error; Java itself only tells it of standard input and output. */
final class Terminal {
    private static final int STANDARD_ERROR = 2;
    private static final int NARROWEST = 40;
    private static final int USUAL = 80;

    private Terminal() {
    }

    /** Whether standard error is a terminal that can redraw a line. */
    static boolean isError() {
        return !"dumb".equals(System.getenv("TERM")) && isTerminal(STANDARD_ERROR);
    }

    /** How many columns a line may take: what {@code COLUMNS} says, or 80. */
    static int columns() {
        String columns = Optional.ofNullable(System.getenv("COLUMNS")).orElse("");
        return columns.matches("[0-9]{2,4}") ? Math.max(NARROWEST, Integer.parseInt(columns)) : USUAL;
    }

    private static boolean isTerminal(int descriptor) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> isatty = linker.defaultLookup().find("isatty")
                .or(() -> linker.defaultLookup().find("_isatty"));
        if (isatty.isEmpty()) {
            return false;
        }
        MethodHandle call = linker.downcallHandle(isatty.get(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            return (int) call.invokeExact(descriptor) != 0;
        } catch (Throwable e) {
            throw new IllegalStateException("isatty cannot be called", e);
        }
    }
}
