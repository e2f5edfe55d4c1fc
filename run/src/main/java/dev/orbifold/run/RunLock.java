package dev.orbifold.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The right to write one Run, held by one process at a time and let go of by the system when that process dies. */
final class RunLock implements AutoCloseable {
    static final String FILE = "lock";

    /** Folders held here: closing any channel on a locked file may drop this process's lock, so it is asked first. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path key;
    private final FileChannel channel;

    private RunLock(Path key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    static RunLock take(Path folder) {
        Path key;
        try {
            key = folder.toRealPath();
        } catch (IOException e) {
            throw Storage.failure("lock", folder, e);
        }
        if (!HELD.add(key)) {
            throw inUse(folder);
        }
        boolean taken = false;
        try {
            FileChannel channel = FileChannel.open(key.resolve(FILE), StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw inUse(folder);
            }
            taken = true;
            return new RunLock(key, channel);
        } catch (IOException e) {
            throw Storage.failure("lock", folder, e);
        } finally {
            if (!taken) {
                HELD.remove(key);
            }
        }
    }

    private static RunException inUse(Path folder) {
        return new RunException("another process is working on the Run " + folder
                + "; wait until it ends, or stop it, then resume");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw Storage.failure("unlock", key, e);
        } finally {
            HELD.remove(key);
        }
    }
}
