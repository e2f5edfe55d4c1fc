package dev.orbifold.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The end of the process while work goes on. The Java way runs the destructors of native libraries under threads that are
 * still inside of them, and crashes there; this one leaves without them.
 */
final class Leave {
    /** What shells add to a signal's number for an exit code. */
    private static final int SIGNALLED = 128;

    private Leave() {
    }

    /** From now on Ctrl-C and SIGTERM end the process at once, unless they are ignored, as for a job in the background. */
    static void onSignals() {
        for (String name : new String[] {"INT", "TERM"}) {
            Signal signal = new Signal(name);
            if (Signal.handle(signal, s -> now(SIGNALLED + s.getNumber())) == SignalHandler.SIG_IGN) {
                Signal.handle(signal, SignalHandler.SIG_IGN);
            }
        }
    }

    /** Ends the process. */
    static void now(int code) {
        try {
            exit().invokeExact(code);
        } catch (Throwable e) {
            // What invokeExact declares; _exit throws nothing.
            throw new IllegalStateException("the process cannot leave", e);
        }
    }

    private static MethodHandle exit() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow("_exit"),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
    }
}
