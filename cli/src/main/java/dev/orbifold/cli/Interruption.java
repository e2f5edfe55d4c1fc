package dev.orbifold.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
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
    private final String words;
    private final CountDownLatch stop = new CountDownLatch(1);

    private Interruption(String words) {
        this.words = words;
    }

    /** Listens until closed, on behalf of a training. */
    static Interruption listen(Consumer<String> say) {
        return listen(say, "stopping after a checkpoint; once more stops at once");
    }

    /**
     * Listens until closed.
     *
     * @param words what is said when the user asks to stop; nothing where they are empty
     */
    static Interruption listen(Consumer<String> say, String words) {
        Interruption interruption = new Interruption(words);
        for (String name : List.of("INT", "TERM")) {
            Signal signal = new Signal(name);
            interruption.before.add(new Before(signal, Signal.handle(signal, s -> interruption.request(say))));
        }
        return interruption;
    }

    private synchronized void request(Consumer<String> say) {
        if (requested()) {
            Leave.now(ExitCode.INTERRUPTED);
        }
        stop.countDown();
        if (!words.isEmpty()) {
            say.accept(words);
        }
    }

    /** Whether the user has asked to stop. */
    boolean requested() {
        return stop.getCount() == 0;
    }

    /** Waits until the user asks to stop. */
    void await() throws InterruptedException {
        stop.await();
    }

    @Override
    public void close() {
        before.forEach(b -> Signal.handle(b.signal, b.handler));
        before.clear();
    }
}
