package dev.orbifold.run;

import java.time.Instant;

/**
 * How far a Run got.
 *
 * @param status how it stands
 * @param exitCode of the process, as in the command-line contract; 0 while running
 * @param next what the user can do now, a command or a sentence; empty where nothing is left to do
 * @param updated when this was written
 * @param process id of the process that wrote it
 * @param processStarted start of that process in milliseconds since 1970, 0 where the system does not tell
 */
public record RunState(Status status, int exitCode, String next, Instant updated, long process, long processStarted) {
    /** How a Run stands. */
    public enum Status {
        /** A process is working on it. */
        RUNNING,
        /** Stopped before its end; it can be resumed. */
        INTERRUPTED,
        /** Stopped by an error. */
        FAILED,
        /** Everything was done, whether or not the target was met. */
        DONE
    }

    static RunState now(Status status, int exitCode, String next) {
        ProcessHandle self = ProcessHandle.current();
        return new RunState(status, exitCode, next, Instant.now(), self.pid(), started(self));
    }

    /** This state, or interrupted where the process that called itself running is gone. */
    RunState seen() {
        boolean alive = ProcessHandle.of(process).filter(ProcessHandle::isAlive)
                .filter(handle -> processStarted == 0 || started(handle) == processStarted).isPresent();
        return status != Status.RUNNING || alive ? this
                : new RunState(Status.INTERRUPTED, exitCode, next, updated, process, processStarted);
    }

    private static long started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
}
