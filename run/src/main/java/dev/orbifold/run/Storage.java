package dev.orbifold.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Files that are either whole or not there. */
public final class Storage {
    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    /** Writes the content of one file. */
    @FunctionalInterface
    interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    private Storage() {
    }

    /**
     * Writes the bytes as the file, durably and atomically.
     *
     * @throws RunException where the file cannot be written; an old one is untouched
     */
    public static void write(Path file, byte[] bytes) {
        write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /**
     * Writes a temporary file beside the target, forces it to the device, renames it over the target and forces the
     * folder: after a crash at any moment the old file or the new one is there, whole.
     *
     * @throws RunException where the file cannot be written; the old file is untouched
     */
    static void write(Path file, Content content) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            forceFolder(file.resolveSibling("."));
        } catch (IOException e) {
            deleteQuietly(temporary, e);
            throw failure("write", file, e);
        }
    }

    static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** The exception for a failed operation on a file, in words that say what to do. */
    static RunException failure(String verb, Path file, IOException e) {
        return new RunException("cannot " + verb + " " + file + ": " + reason(e), e);
    }

    private static String reason(IOException e) {
        String text = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.getMessage();
        String known = text == null ? e.getClass().getSimpleName() : text;
        String lower = known.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("not enough space") || lower.contains("quota exceeded")) {
            return "the disk is full; free some space and resume the Run (or write its page with `report`, where that is all it lacks), or choose a folder on another disk with --run";
        }
        return switch (e) {
            case AccessDeniedException denied -> "permission denied; choose a folder you may write to with --run";
            case NoSuchFileException missing -> "it does not exist";
            default -> known;
        };
    }

    private static void forceFolder(Path folder) throws IOException {
        if (!WINDOWS) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static void deleteQuietly(Path file, IOException reason) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }
}
