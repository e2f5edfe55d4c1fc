package dev.orbifold.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * While open, Ctrl-C and SIGTERM ask for a stop instead of ending the process; a second one ends it at once, which costs a
 * Run no more than what came after its last checkpoint.
 */
final class Interruption implements AutoCloseable {
    private record Before(Signal signal, SignalHandler handler) {
    }

    private final List<Before> before = new ArrayList<>();
    private volatile boolean requested;

    private Interruption() {
    }

    /** Listens until closed. */
    static Interruption listen(Consumer<String> say) {
        Interruption interruption = new Interruption();
        for (String name : List.of("INT", "TERM")) {
            Signal signal = new Signal(name);
            interruption.before.add(new Before(signal, Signal.handle(signal, s -> interruption.request(say))));
        }
        return interruption;
    }

    private synchronized void request(Consumer<String> say) {
        if (requested) {
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
        }
        requested = true;
        say.accept("stopping after a checkpoint; once more stops at once");
    }

    /** Whether the user has asked to stop. */
    boolean requested() {
        return requested;
    }

    @Override
    public void close() {
        before.forEach(b -> Signal.handle(b.signal, b.handler));
        before.clear();
    }
}
