package dev.orbifold.graph;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Writes a file so that its name holds the old bytes or the new ones, never a part of them. */
final class AtomicFile {
    private AtomicFile() {
    }

    /** What fills the file. */
    @FunctionalInterface
    interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Writes beside the target, forces to disk, and moves.
     *
     * @throws GraphException if that fails; nothing is left behind then
     */
    static void write(Path target, Content content) {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        Path temporary = null;
        try {
            if (folder == null || !Files.isDirectory(folder)) {
                throw new GraphException("cannot write " + target + ": there is no folder " + folder);
            }
            if (Files.isDirectory(absolute)) {
                throw new GraphException("cannot write " + target + ": it is a folder");
            }
            temporary = folder.resolve("." + absolute.getFileName() + "." + ProcessHandle.current().pid() + "."
                    + System.nanoTime() + ".part");
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE_NEW)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            temporary = null;
        } catch (IOException e) {
            throw new GraphException("cannot write " + target + ": " + reason(e), e);
        } finally {
            if (temporary != null) {
                remove(temporary);
            }
        }
    }

    private static void remove(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            System.getLogger(AtomicFile.class.getName()).log(System.Logger.Level.WARNING,
                    "cannot remove the unfinished file " + temporary, e);
        }
    }

    private static String reason(IOException e) {
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (text.contains("no space") || text.contains("not enough space") || text.contains("quota")) {
            return "the disk is full; free some space or choose another folder";
        }
        return ExternalData.reason(e);
    }
}
